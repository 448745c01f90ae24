"""Pictures from text, on their way through the gateway.

asking        a checked request: which model, what to draw, how to answer
form          the multipart form of a request with a source image
drawing       the prompt judged → a worker → events as they come → pictures judged
conflation    between a worker that goes on and a reader that may be slow
moderation    what is judged, and what a reader does not get to see
facts         what is told of a picture
answer        all pictures at once, as JSON
event_stream  previews and a picture, as server-sent events
links         pictures under links that expire
socket        requests one after another on a WebSocket; socket_messages, socket_door: its words, who may come in
"""
