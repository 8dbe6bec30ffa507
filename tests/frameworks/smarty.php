<?php
// PrestaShop: renders a footer with Smarty. Arguments: the data, the code.
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/smarty4/Smarty.class.php';

$data = json_decode(file_get_contents($argv[1]));
$smarty = new Smarty();
$smarty->setCompileDir(sys_get_temp_dir() . '/smarty-' . getmypid());
$smarty->escape_html = true; // as PrestaShop has it
$customer = ['is_logged' => false];
if ($data->user) {
    [$first, $last] = explode(' ', $data->user->name, 2);
    $customer = [
        'is_logged' => true,
        'id' => $data->user->id,
        'email' => $data->user->email,
        'firstname' => $first,
        'lastname' => $last,
        'class' => $data->user->class,
        'date_add' => date('Y-m-d H:i:s', strtotime($data->user->created_at)),
        'siret' => $data->account ? (string) $data->account->id : '',
        'company' => $data->account->name ?? '',
        'company_plan' => $data->account->plan ?? null,
        'company_created_at' => $data->account->created_at ?? null,
        'company_role' => $data->membership->role ?? null,
        'companies' => array_map(fn ($account) => ['siret' => (string) $account->id], $data->accounts),
    ];
}
$smarty->assign('customer', $customer);
echo $smarty->fetch('string:' . file_get_contents($argv[2]));
