// Go: a handler and a template of html/template. Argument: the data; the test puts the handler's code in its place.
package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"time"
)

type User struct {
	ID        int
	Name      string
	Email     string
	Class     string
	CreatedAt time.Time `json:"created_at"`
	Accounts  []Account `json:"-"`
}

type Account struct {
	ID        int
	Name      string
	Plan      string
	CreatedAt time.Time `json:"created_at"`
}

type Membership struct {
	Role string
}

func main() {
	var session struct {
		User       *User
		Account    *Account
		Accounts   []Account
		Membership *Membership
	}
	file, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(file, &session)
	}
	if err != nil {
		panic(err)
	}
	layout, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	if session.User != nil {
		session.User.Accounts = session.Accounts
	}
	user, account, membership := session.User, session.Account, session.Membership
	data := map[string]any{}
	// HANDLER
	if err := template.Must(template.New("layout").Parse(string(layout))).Execute(os.Stdout, data); err != nil {
		panic(err)
	}
}
