<?php
// WordPress: runs a theme's functions.php with WordPress's own hooks and JSON; what a database would say of who is
// signed in is the data's. Arguments: the data, the code.
define('ABSPATH', dirname(__DIR__, 2) . '/target/wordpress/usr/share/wordpress/');
define('WPINC', 'wp-includes');
foreach (['load', 'plugin', 'functions'] as $part) {
    require ABSPATH . WPINC . "/$part.php";
}
$data = json_decode(file_get_contents($argv[1]));

function is_user_logged_in()
{
    return $GLOBALS['data']->user !== null;
}

function wp_get_current_user()
{
    $user = $GLOBALS['data']->user;
    if (!$user) {
        return (object) ['ID' => 0];
    }
    $registered = gmdate('Y-m-d H:i:s', strtotime($user->created_at));
    return (object) [
        'ID' => $user->id, 'user_email' => $user->email, 'display_name' => $user->name, 'user_registered' => $registered,
    ];
}

// Without the third argument it answers each value that is kept under the key.
function get_user_meta($id, $key, $single = false)
{
    global $data;
    if (!$single) {
        return array_map(fn ($account) => $account->id, $data->accounts);
    }
    $account = $data->account;
    return [
        'class' => $data->user?->class,
        'company_id' => $account?->id, 'company_name' => $account?->name, 'company_plan' => $account?->plan,
        'company_created_at' => $account?->created_at, 'company_role' => $data->membership?->role,
    ][$key] ?? '';
}

eval(file_get_contents($argv[2]));
do_action('wp_footer');
