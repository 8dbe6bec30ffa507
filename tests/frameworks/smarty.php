<?php
// PrestaShop: renders a footer with Smarty. Arguments: the data, the code.
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/smarty4/Smarty.class.php';

$data = json_decode(file_get_contents($argv[1]));
[$first, $last] = explode(' ', $data->user->name, 2);
$smarty = new Smarty();
$smarty->setCompileDir(sys_get_temp_dir() . '/smarty-' . getmypid());
$smarty->escape_html = true; // as PrestaShop has it
$smarty->assign('customer', [
    'is_logged' => true,
    'id' => $data->user->id,
    'email' => $data->user->email,
    'firstname' => $first,
    'lastname' => $last,
    'siret' => $data->account ? (string) $data->account->id : '',
    'company' => $data->account->name ?? '',
    'company_plan' => $data->account->plan ?? null,
    'company_role' => $data->membership->role,
]);
echo $smarty->fetch('string:' . file_get_contents($argv[2]));
