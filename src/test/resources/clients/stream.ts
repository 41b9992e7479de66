// Server-sent events of a response: the objects in their data.
export async function* events(response: Response): AsyncGenerator<unknown> {
  const text = response.body!.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const chunk of text as unknown as AsyncIterable<string>) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length) yield JSON.parse(data.map((line) => line.slice(5)).join("\n"));
    }
  }
}
