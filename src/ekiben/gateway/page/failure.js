/** What went wrong, as the server says it. */

export class Failure extends Error {
  /** Fields are those of the server's errors; `waitMs` says when trying again makes sense. */
  constructor({ message, code = "", param = null, status = 0, requestId = null, waitMs = null }) {
    super(message);
    Object.assign(this, { code, param, status, requestId, waitMs });
  }

  /** Out of an error's JSON, as HTTP and the WebSocket have it. */
  static ofPayload(payload, status, waitMs = null) {
    const told = payload?.error ?? {};
    return new Failure({
      message: told.message || `The server answered with status ${status} and no reason.`,
      code: told.code ?? "",
      param: told.param ?? null,
      status,
      requestId: payload?.request_id ?? null,
      waitMs: waitMs ?? secondsToMs(payload?.retry_after_s),
    });
  }

  static async ofResponse(response) {
    const payload = await response.json().catch(() => null);
    const failure = Failure.ofPayload(payload, response.status, waitOf(response.headers));
    failure.requestId ??= response.headers.get("x-request-id");
    return failure;
  }

  static unreachable() {
    return new Failure({ message: "The server cannot be reached. Is it running, and is this machine online?", code: "unreachable" });
  }
}

const secondsToMs = (value) => (Number.isFinite(value) ? value * 1000 : null);

function waitOf(headers) {
  const ms = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  return Number.isFinite(ms) ? ms : secondsToMs(Number.parseFloat(headers.get("retry-after") ?? ""));
}
