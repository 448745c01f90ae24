"""The one public door: who may come in, what is checked, which worker answers, what goes back."""
