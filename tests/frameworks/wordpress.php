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
    return true;
}

function wp_get_current_user()
{
    global $data;
    return (object) ['ID' => $data->user->id, 'user_email' => $data->user->email, 'display_name' => $data->user->name];
}

function get_user_meta($id, $key, $single)
{
    global $data;
    $account = $data->account;
    return [
        'company_id' => $account?->id, 'company_name' => $account?->name, 'company_plan' => $account?->plan,
        'company_role' => $data->membership->role,
    ][$key] ?? '';
}

eval(file_get_contents($argv[2]));
do_action('wp_footer');
