"""The Python client: one core that knows no transport, and two thin transports, blocking and asynchronous.

    embeddings, images, moderations, …            what a method sends, and how it reads the answer → Call
    generation                                    the same for text, which may come in pieces
    drawing                                       the same for pictures
    jobs, job_events, job_map                     the same for durable jobs
    flow                                          a Call as a generator of steps: send, wait, give up
    client, async_client                          carry out the steps
    text, async_text, image_resources, stream     text and pictures as they are made

Needs httpx and pydantic. NumPy, Pillow and orjson are imported only by a call that is handed an array.
"""
