-- How a workspace is set up is a kind of import too. The condition is written anew as SQLite's manual says for what
-- changes nothing on disk (lang_altertable, "Making Other Kinds Of Table Schema Changes").
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''notes'', ''events'')', '''notes'', ''events'', ''setup'')')
WHERE type = 'table' AND name = 'imports';
PRAGMA writable_schema = RESET;
