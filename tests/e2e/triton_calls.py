"""Run by test_tritonclient.py in tritonclient's own environment: every call of its HTTP client that we serve."""

from __future__ import annotations

import json
import sys

import numpy as np
import tritonclient.http as triton


def main(address: str) -> None:
    """Call everything; print what was found as JSON."""
    client = triton.InferenceServerClient(address)
    texts = np.array([b"a cat", b"a kitten"], dtype=object)
    text = triton.InferInput("text", texts.shape, "BYTES").set_data_from_numpy(texts, binary_data=True)
    wanted = triton.InferRequestedOutput("embedding", binary_data=True)
    embedded = client.infer("all-minilm-l6-v2", [text], outputs=[wanted], request_id="7")
    vectors = embedded.as_numpy("embedding")

    grey = np.zeros((2, 3, 224, 224), dtype=np.float32)
    probabilities = {}
    for binary in (True, False):
        pixels = triton.InferInput("pixels", grey.shape, "FP32").set_data_from_numpy(grey, binary_data=binary)
        output = triton.InferRequestedOutput("probabilities", binary_data=binary)
        probabilities[binary] = client.infer("efficientnet-lite0", [pixels], outputs=[output]).as_numpy("probabilities")

    try:
        client.infer("nope", [text])
        refused = ""
    except triton.InferenceServerException as error:
        refused = f"{error.status()} {error.message()}"
    print(  # noqa: T201 - the test reads it
        json.dumps(
            {
                "live": client.is_server_live(),
                "ready": client.is_server_ready() and client.is_model_ready("efficientnet-lite0", "1.0.0"),
                "server": client.get_server_metadata()["name"],
                "inputs": [each["name"] for each in client.get_model_metadata("efficientnet-lite0")["inputs"]],
                "index": [each["state"] for each in client.get_model_repository_index()],
                "inferences": client.get_inference_statistics("all-minilm-l6-v2")["model_stats"][0]["inference_count"],
                "id": embedded.get_response()["id"],
                "shape": list(vectors.shape),
                "cosine": float(vectors[0] @ vectors[1]),
                "sums": probabilities[True].sum(axis=1).tolist(),
                "difference": float(np.abs(probabilities[True] - probabilities[False]).max()),
                "refused": refused,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
