CREATE TABLE `users` (
  `id` text PRIMARY KEY NOT NULL,
  `username` text NOT NULL,
  `password_hash` text NOT NULL,
  `name` text NOT NULL,
  `email` text NOT NULL,
  `email_verified` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username` ON `users` (`username`);
--> statement-breakpoint
CREATE TABLE `clients` (
  `id` text PRIMARY KEY NOT NULL,
  `name` text NOT NULL,
  `secret_hash` text,
  `redirect_uris` text NOT NULL,
  `allowed_grants` text NOT NULL,
  `scopes` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `auth_codes` (
  `id` text PRIMARY KEY NOT NULL,
  `client_id` text NOT NULL REFERENCES `clients` (`id`) ON DELETE CASCADE,
  `user_id` text NOT NULL REFERENCES `users` (`id`) ON DELETE CASCADE,
  `scopes` text NOT NULL,
  `redirect_uri` text,
  `code_challenge` text,
  `code_challenge_method` text,
  `expires_at` integer NOT NULL,
  `revoked_at` integer
);
--> statement-breakpoint
CREATE TABLE `tokens` (
  `access_token_id` text PRIMARY KEY NOT NULL,
  `access_token_expires_at` integer NOT NULL,
  `refresh_token_id` text,
  `refresh_token_expires_at` integer,
  `client_id` text NOT NULL REFERENCES `clients` (`id`) ON DELETE CASCADE,
  `user_id` text REFERENCES `users` (`id`) ON DELETE CASCADE,
  `scopes` text NOT NULL,
  `originating_auth_code_id` text,
  `revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_refresh_token_id` ON `tokens` (`refresh_token_id`);
--> statement-breakpoint
CREATE INDEX `tokens_originating_auth_code_id` ON `tokens` (`originating_auth_code_id`);
--> statement-breakpoint
CREATE TABLE `sessions` (
  `id` text PRIMARY KEY NOT NULL,
  `data` text NOT NULL,
  `expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pending_requests` (
  `id` text PRIMARY KEY NOT NULL,
  `session_id` text NOT NULL,
  `parameters` text NOT NULL,
  `created_at` integer NOT NULL,
  `expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `pending_requests_session_id` ON `pending_requests` (`session_id`);
