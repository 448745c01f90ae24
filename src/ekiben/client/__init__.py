"""The Python client: one core that knows no transport, and two thin transports, blocking and asynchronous.

    embeddings, images, moderations, …            what a method sends, and how it reads the answer → Call
    generation                                    the same for text, which may come in pieces
    flow                                          a Call as a generator of steps: send, wait, give up
    client, async_client                          carry out the steps
    text, async_text, stream                      text as it is written

Needs httpx and pydantic. NumPy, Pillow and orjson are imported only by a call that is handed an array.
"""
