"""``medmm rag``: the knowledge that drafts quote: added, searched, listed, measured."""

from pathlib import Path
from typing import Annotated

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

STOPPED = "Stopped; what was added is kept. Run the same command again to go on with the rest."
DomainOption = Annotated[
    str | None,
    typer.Option("--domain", metavar="D", help="Default: as the words tell."),
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Knowledge that drafts quote: add, search, list, show, remove, eval, calibrate.",
        epilog="Example: medmm rag search 'follow-up of a 7 mm solid nodule on CT' --explain",
    )
    app.add_typer(group, name="rag")
    _register_add(group)
    _register_search(group)
    _register_list(group)
    _register_show(group)
    _register_remove(group)
    _register_eval(group)
    _register_calibrate(group)


def _register_add(group: typer.Typer) -> None:
    @group.command(
        epilog="Example: medmm rag add guidelines/ --domain chest-ct --licence 'CC BY 4.0'"
    )
    def add(
        paths: Annotated[
            list[Path],
            typer.Argument(
                metavar="PATH...", help="Markdown, text, HTML, PDF, Word; or folders of them."
            ),
        ],
        domain: Annotated[
            str, typer.Option("--domain", metavar="D", help="chest-ct, brain-mr, general, ...")
        ],
        version: Annotated[
            str, typer.Option("--version", metavar="V", help="Its version; default: counted.")
        ] = "",
        licence: Annotated[
            str, typer.Option("--licence", metavar="L", help="Under which it may be quoted.")
        ] = "",
        by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who adds it.")] = "",
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Add documents; a file that changed replaces its earlier version."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import homes, knowledge
            from medmm.cli import rag_text

            request = knowledge.AddRequest(domain, version, licence, by)
            document = knowledge.add_paths(homes.open_home(home), paths, request, output.progress)
            for refused in document["refused"]:
                output.note(f"medmm: {refused['reason']}")
            output.result(document, lambda: rag_text.added(document))
            if document["refused"]:
                return 4 if document["added"] else 3
            return 0 if document["added"] else 3

        run(body, output, home, STOPPED)


def _register_search(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm rag search 'apical pneumothorax on a film' -k 2")
    def search(
        text: Annotated[str, typer.Argument(metavar="TEXT", help="A question or some words.")],
        domain: DomainOption = None,
        most: Annotated[
            int, typer.Option("-k", metavar="N", min=1, max=50, help="At most so many kept.")
        ] = 3,
        explain: Annotated[
            bool, typer.Option("--explain", help="Say of each candidate why it is kept or not.")
        ] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Search the knowledge; nothing that is good enough is an answer, too."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, knowledge
            from medmm.cli import rag_text
            from medmm.nouns import Query

            query = Query(text, (domain,) if domain else (), limit=most)
            document = knowledge.search(homes.open_home(home), query, output.progress)
            output.result(document, lambda: rag_text.found(document, explain=explain))

        run(body, output, home)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", epilog="Example: medmm rag list --all --json")
    def list_documents(
        everything: Annotated[bool, typer.Option("--all", help="Earlier versions, too.")] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """List the documents by domain."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, knowledge
            from medmm.cli import rag_text

            opened = homes.open_home(home)
            knowledge.bring_cards(opened)
            rows = knowledge.list_documents(opened, superseded=everything)
            output.result({"documents": rows}, lambda: rag_text.listed(rows))

        run(body, output, home)


def _register_show(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm rag show 12.3")
    def show(
        passage: Annotated[str, typer.Argument(metavar="PASSAGE", help="As a draft cites it.")],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Show a passage with where it stands and what its document rests on."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, knowledge
            from medmm.cli import rag_text

            document = knowledge.show_passage(homes.open_home(home), passage)
            output.result(document, lambda: rag_text.passage(document))

        run(body, output, home)


def _register_remove(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm rag remove 12")
    def remove(
        document: Annotated[
            int, typer.Argument(metavar="DOCUMENT", help="Its number in `rag list`.")
        ],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Remove a document with all its versions, passages and vectors."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, knowledge

            gone = knowledge.remove(homes.open_home(home), document)
            output.result(
                {"document": document, "passages": gone},
                lambda: f"Document {document} is removed with {gone} passages.",
            )

        run(body, output, home)


def _register_eval(group: typer.Typer) -> None:
    @group.command("eval", epilog="Example: medmm rag eval nfcorpus --split test")
    def evaluate(
        folder: Annotated[
            Path | None,
            typer.Argument(
                metavar="[DIR]",
                help="A set in BEIR's layout; default: our own questions on the starter cards.",
            ),
        ] = None,
        split: Annotated[
            str, typer.Option("--split", metavar="S", help="qrels/S.tsv; ours: held_back, tuning.")
        ] = "",
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Measure retrieval on labelled questions, per index and fused."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, retrieval_eval
            from medmm.cli import rag_text

            document = retrieval_eval.evaluate_retrieval(
                homes.open_home(home), folder, split, output.progress
            )
            for warning in document["warnings"]:
                output.note(f"medmm: {warning}")
            output.result(document, lambda: rag_text.evaluated(document))

        run(body, output, home, "Stopped; vectors made so far are kept. Run it again to go on.")


def _register_calibrate(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm rag calibrate --alpha 0.2")
    def calibrate(
        folder: Annotated[
            Path | None,
            typer.Argument(
                metavar="[DIR]",
                help="A set in BEIR's layout; default: the tuning part of our own questions.",
            ),
        ] = None,
        split: Annotated[str, typer.Option("--split", metavar="S", help="qrels/S.tsv.")] = "",
        alpha: Annotated[
            float, typer.Option("--alpha", help="Share of what is kept that may be wrong.")
        ] = 0.3,
        delta: Annotated[float, typer.Option("--delta", help="Chance that it is more.")] = 0.1,
        out: Annotated[
            Path | None,
            typer.Option("--out", metavar="FILE", help="Instead of the home's own rules."),
        ] = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Choose by domain how good a passage must be to be quoted, and print the bound."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, retrieval_eval
            from medmm.cli import rag_text

            chosen = split or ("tuning" if folder is None else "")
            document = retrieval_eval.calibrate_cut(
                homes.open_home(home), folder, chosen, (alpha, delta), out, output.progress
            )
            output.result(document, lambda: rag_text.calibrated(document))

        run(body, output, home)
