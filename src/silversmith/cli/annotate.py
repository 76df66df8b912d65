"""`silversmith annotate`: a language model's server marks text: free concepts, or the types of a schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.sources.llm import Annotator, Prompt
    from silversmith.sources.llm.run import Prices

__all__ = ["annotate"]

Text = Annotated[Path, typer.Argument(help="Raw text: file or folder, any format.")]
Out = Annotated[Path, typer.Option(help="File to write; OUT.answers.jsonl keeps every answer.")]
Url = Annotated[str | None, typer.Option(help="An OpenAI-compatible server, up to and with /v1.")]
ModelName = Annotated[str, typer.Option("--model", help="The model's name on that server.")]
SchemaFile = Annotated[Path | None, typer.Option("--schema", help="Types to mark (default: free concepts).")]
KeyEnv = Annotated[str, typer.Option(help="Environment variable that holds the key.")]
Workers = Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Requests at once.")]
Read = Annotated[float, typer.Option("--price-in", min=0, help="Money for a million tokens read.")]
Written = Annotated[float, typer.Option("--price-out", min=0, help="Money for a million tokens written.")]
Budget = Annotated[float | None, typer.Option(min=0, help="Stop before more is spent.")]
Structured = Annotated[bool, typer.Option("--structured", help="Ask for JSON, where the server can.")]
Multilingual = Annotated[bool, typer.Option("--multilingual", help="Concepts in the text's language.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds of one try.")]
Tokens = Annotated[int, typer.Option("--max-tokens", min=1, help="Tokens of an answer at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")]
Requests = Annotated[Path | None, typer.Option(help="Send nothing: write the requests (batch JSON lines).")]
Answers = Annotated[Path | None, typer.Option(help="Send nothing: read the answers of such a batch.")]
Format = Annotated[str | None, typer.Option(help="Format of TEXT, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def annotate(
    text: Text,
    out: Out = Path("annotated.jsonl"),
    url: Url = None,
    model: ModelName = "default",
    schema: SchemaFile = None,
    key_env: KeyEnv = "OPENAI_API_KEY",
    concurrency: Workers = 8,
    price_in: Read = 0.0,
    price_out: Written = 0.0,
    budget: Budget = None,
    structured: Structured = False,
    multilingual: Multilingual = False,
    timeout: Timeout = 120.0,
    max_tokens: Tokens = 1024,
    dry_run: DryRun = False,
    write_requests: Requests = None,
    read_answers: Answers = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Annotate text with a language model's server. TEXT IS SENT to the address that you name, nowhere else.

    Every answer is kept by its exact request, so after a kill the same command asks only for the rest. What
    the model answers that doesn't stand in the text is counted and kept apart (meta.ungrounded).

    Examples:
        silversmith annotate notes/ --url http://localhost:8000/v1 --model qwen --out annotated.jsonl
        silversmith annotate notes/ --url http://localhost:8000/v1 --schema schema.toml --structured
        silversmith annotate notes/ --write-requests batch.jsonl
        silversmith annotate notes/ --read-answers answers.jsonl --out annotated.jsonl

    Raises:
        ConfigError: J001, J002 the address, J008 no server named, J010, C001 to C004 the schema.
        LLMError: J003 to J005 the server or the key, J007 the budget is spent.
        DataError: J011, J012 a batch of answers, F001 to F020 the text.
    """
    from silversmith.sources.llm import open_prompt, schema_prompt
    from silversmith.sources.llm.run import Prices

    prompt = _prompt(schema, multilingual, schema_prompt, open_prompt)
    prices = Prices(price_in, price_out, budget)
    options = {"key_env": key_env, "timeout": timeout, "tokens": max_tokens, "structured": structured}
    offline = write_requests is not None or read_answers is not None or dry_run
    annotator = _annotator(url, model, prompt, out, concurrency, prices, offline, options)
    if dry_run:
        _forecast(text, format, prompt, prices, as_json)
    elif write_requests is not None:
        _write_requests(text, format, annotator, write_requests)
    else:
        _run(text, format, annotator, out, read_answers, as_json)


def _prompt(schema: Path | None, multilingual: bool, by_schema: Any, free: Any) -> Prompt:
    """The prompt that the options name."""
    from silversmith.core import Schema

    found: Prompt = by_schema(Schema.read(schema)) if schema else free(multilingual=multilingual)
    return found


def _annotator(
    url: str | None,
    model: str,
    prompt: Prompt,
    out: Path,
    workers: int,
    prices: Prices,
    offline: bool,
    options: dict[str, Any],
) -> Annotator:
    """The server with its cache. Raises ConfigError J008: none is named, though text is to be sent."""
    from silversmith.sources.llm import Annotator, ChatClient, ClientOptions
    from silversmith.sources.llm.cache import AnswerCache

    if url is None and not offline:
        raise ConfigError("J008", "no server", remedy="name one with --url, or use --write-requests")
    client = ChatClient(ClientOptions(url or "http://localhost/v1", model, **options))
    cache = None if offline else out.with_name(out.name + ".answers.jsonl")
    return Annotator(client, prompt, AnswerCache(cache), workers=workers, prices=prices)


def _forecast(text: Path, form: str | None, prompt: Prompt, prices: Prices, as_json: bool) -> None:
    """What annotating would take."""
    from silversmith.formats import read
    from silversmith.sources.llm.run import estimate

    found = estimate(read(text, form), prompt, prices)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(
        f"about {found['requests']:,.0f} requests, {found['read']:,.0f} tokens read, "
        f"{found['written']:,.0f} written, cost {found['cost']:,.2f}; nothing was sent\n"
    )


def _write_requests(text: Path, form: str | None, annotator: Annotator, path: Path) -> None:
    """One line a passage, as batch services take them; custom_id is the request's key."""
    from silversmith.cli.labelling import say
    from silversmith.formats import read
    from silversmith.sources.llm.passages import passages_of

    keys = set()
    with path.open("w", encoding="utf-8") as file:
        for document in read(text, form):
            for start, end in passages_of(document):
                body = annotator.request(document.text[start:end])
                key = annotator.key(body)
                if key not in keys:
                    keys.add(key)
                    line = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    say(f"{path}: {len(keys):,} requests; next: silversmith annotate {text} --read-answers ANSWERS")


def _run(
    text: Path, form: str | None, annotator: Annotator, out: Path, answers: Path | None, as_json: bool
) -> None:
    """Annotate, write the output when all is there, say what happened."""
    from silversmith.cli.labelling import say
    from silversmith.core.progress import track
    from silversmith.formats import read, write

    if answers is not None:
        for key, answer in _batch(answers):
            annotator.cache.put(key, answer)
        annotator.chat = _Answered(annotator.chat)
    else:
        say(f"sending text to {annotator.chat.place} (prompt {annotator.prompt.mark})")
    aside = out.with_name(f".{out.name}.part{''.join(out.suffixes)}")
    try:
        for line in write(annotator.annotate(track(read(text, form), "annotate")), aside, None).lines():
            say(line)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    counts = annotator.counts.to_json()
    counts["cost"] = annotator.prices.of(annotator.counts.read, annotator.counts.written)
    counts["sent_again"] = dict(getattr(annotator.chat, "retries", {}))
    if as_json:
        sys.stdout.write(json.dumps({"out": str(out), **counts}, ensure_ascii=False) + "\n")
        return
    left = ", ".join(f"{reason} {number:,}" for reason, number in counts["left_out"].items() if number)
    say(
        f"{out}: {counts['documents']:,} documents, {counts['spans']:,} annotations; "
        f"{counts['asked']:,} requests, {counts['known']:,} known before; left out: {left or 'nothing'}; "
        f"cost {counts['cost']:.2f}"
    )


def _batch(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, answer) of a batch's lines. Raises DataError J011: a line that is none."""
    from silversmith.core import DataError

    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = json.loads(line)
                body = record["response"]["body"] if "response" in record else record
                text, usage = body["choices"][0]["message"]["content"], body.get("usage") or {}
                key = record["custom_id"]
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise DataError("J011", f"no answer of a batch: {error!r}", path=path, line=number) from None
            tokens = {"in": usage.get("prompt_tokens", 0), "out": usage.get("completion_tokens", 0)}
            yield key, {"text": str(text), **tokens}


class _Answered:
    """In place of a server: what isn't in the cache was not answered."""

    def __init__(self, chat: Any) -> None:
        self.chat, self.place = chat, chat.place

    def body(self, message: str, shape: dict[str, Any] | None) -> dict[str, Any]:
        """As the server's."""
        found: dict[str, Any] = self.chat.body(message, shape)
        return found

    def close(self) -> None:
        """Nothing is open."""

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """Raise DataError J012."""
        from silversmith.core import DataError

        raise DataError(
            "J012", "a passage has no answer in the batch", remedy="give the same texts and options as for it"
        )
