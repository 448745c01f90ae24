"""The blocking client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import httpx

from ekiben.client import embeddings, failures, models, moderations, status, tensors
from ekiben.client.base_client import BaseClient
from ekiben.client.call import Answer, Call, Send, T, Wait
from ekiben.client.flow import Outcome, attempts
from ekiben.client.image_resources import ImagesResource
from ekiben.client.job_resources import JobsResource
from ekiben.client.methods import Blocking, blocking
from ekiben.client.options import client_options
from ekiben.client.text import ChatResource, CompletionsResource
from ekiben.client.transport import answer_of, opened_of, request_arguments, streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ekiben.client.pace import Pace
    from ekiben.errors import EkibenError


class Resource:
    """A group of methods of one client."""

    def __init__(self, client: Blocking) -> None:
        self.carry_out = client.carry_out


class EmbeddingsResource(Resource):
    """Texts to vectors."""

    create = blocking(embeddings.create)


class ModerationsResource(Resource):
    """Whether content is harmful."""

    create = blocking(moderations.create)


class ModelsResource(Resource):
    """What is served."""

    list = blocking(models.list_models)
    retrieve = blocking(models.retrieve)


class Client(BaseClient):
    """Calls a server and waits for the answer; may be shared by threads.

    A pickled client holds its API key and opens connections of its own where it is unpickled.

    Args:
        base_url: Where the server is; None: `EKIBEN_BASE_URL`, or http://127.0.0.1:3000.
        api_key: Key for servers that ask for one; None: `EKIBEN_API_KEY`.
        timeout: Seconds for a whole call, retries and waits included. A server that sends its answer in drops
            can stretch it, to twice as long at most once the headers are there.
        max_retries: Further attempts after connection errors and 429, 502, 503 and 504.
        http_client: Used instead of an own one, and left open by `close`.
        pace: Clock, chance and sleep; for tests.

    Raises:
        ConfigurationError: An argument that no call could work with.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        http_client: httpx.Client | None = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(client_options(base_url, api_key, timeout, max_retries, pace), http_client is None)
        self._http = http_client if http_client is not None else httpx.Client()
        self.embeddings = EmbeddingsResource(self)
        self.images = ImagesResource(self, self._options.pace)
        self.jobs = JobsResource(self, self._options.pace)
        self.models = ModelsResource(self)
        self.moderations = ModerationsResource(self)
        self.chat = ChatResource(self, self._options.pace)
        self.completions = CompletionsResource(self, self._options.pace)

    infer = blocking(tensors.infer)
    model_metadata = blocking(tensors.model_metadata)
    model_statistics = blocking(tensors.model_statistics)
    health = blocking(status.health)
    ready = blocking(status.ready)
    live = blocking(status.live)
    metrics = blocking(status.metrics)

    def carry_out(self, call: Call[T], /) -> T:
        """Take the steps of a call until it has its result."""
        flow = attempts(call, self._options)
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            outcome = self._take(step)

    def _take(self, step: Send | Wait) -> Outcome:
        if isinstance(step, Send):
            return self._exchange(step)
        self._options.pace.sleep(step.seconds)
        return None

    def _exchange(self, send: Send) -> Answer | EkibenError:
        deadline = self._options.pace.monotonic() + send.timeout_s
        try:
            request = self._http.build_request(**request_arguments(send))
            response = self._http.send(request, stream=True, follow_redirects=False)
            if streams(response, send):
                return opened_of(response, deadline, send)
            try:
                body = b"".join(self._until(deadline, request, response))
            finally:
                response.close()
        except TimeoutError:
            return failures.timed_out(send)
        except httpx.HTTPError as error:
            return failures.from_transport(error, send)
        return answer_of(response, body, send)

    def _until(self, deadline: float, request: httpx.Request, response: httpx.Response) -> Iterator[bytes]:
        """Give the body's pieces while there is time; the wait for each is what was left at the headers."""
        monotonic = self._options.pace.monotonic
        request.extensions["timeout"]["read"] = max(deadline - monotonic(), 0.001)
        for piece in response.iter_bytes():
            if monotonic() > deadline:
                raise TimeoutError
            yield piece

    def close(self) -> None:
        """Close the connections."""
        if self._own_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
