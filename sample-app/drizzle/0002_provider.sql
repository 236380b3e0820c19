ALTER TABLE `users` ADD `profile` text DEFAULT '{}' NOT NULL;
--> statement-breakpoint
ALTER TABLE `clients` ADD `is_pkce_required` integer DEFAULT true NOT NULL;
--> statement-breakpoint
ALTER TABLE `clients` ADD `post_logout_redirect_uris` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
ALTER TABLE `clients` ADD `allowed_origins` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
CREATE TABLE `consents` (
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`scopes` text NOT NULL,
	`granted_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `client_id`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE cascade
);
