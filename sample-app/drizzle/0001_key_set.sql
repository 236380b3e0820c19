CREATE TABLE `key_set` (
  `id` integer PRIMARY KEY NOT NULL CHECK (`id` = 1),
  `text` text NOT NULL,
  `version` text NOT NULL
);
