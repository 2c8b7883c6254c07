"""The platform's services, one package each; the folder is the app-id with `_` for `-`."""
