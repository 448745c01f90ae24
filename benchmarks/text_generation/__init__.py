"""Chats at once: tokens a second through Ekiben, and through llama.cpp's own HTTP server."""
