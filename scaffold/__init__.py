"""Make an app, take one out again, and keep the README's table true to the code."""
