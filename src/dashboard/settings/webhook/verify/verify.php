<?php
// $body: file_get_contents("php://input"). $headers: with names in lower case, as of array_change_key_case(getallheaders()).
function is_from_rollcall(string $body, array $headers, string $secret): bool {
    $timestamp = $headers["webhook-timestamp"];
    if (abs(time() - (int) $timestamp) > 300) return false;
    $key = base64_decode(substr($secret, strlen("whsec_")));
    $signed = $headers["webhook-id"] . "." . $timestamp . "." . $body;
    $expected = "v1," . base64_encode(hash_hmac("sha256", $signed, $key, true));
    foreach (explode(" ", $headers["webhook-signature"]) as $given) {
        if (hash_equals($expected, $given)) return true;
    }
    return false;
}
