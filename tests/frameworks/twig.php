<?php
// Symfony: renders a layout with Twig. Arguments: the data, the code.
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/Twig/autoload.php';

$data = json_decode(file_get_contents($argv[1]));
$user = $data->user;
foreach ([$user, $data->account, ...$data->accounts] as $record) {
    if ($record) {
        $record->createdAt = new DateTimeImmutable($record->created_at);
    }
}
if ($user) {
    $user->company = $data->account;
    $user->companies = $data->accounts;
    $user->role = $data->membership?->role;
}
$twig = new Twig\Environment(new Twig\Loader\ArrayLoader(['layout' => file_get_contents($argv[2])]), ['strict_variables' => true]);
echo $twig->render('layout', ['app' => ['user' => $user]]);
