#!/usr/bin/env python3
"""Posts a job, follows it to its end and downloads the result. Needs Python 3.8 and nothing else.

    python3 examples/client.py examples/jobs/olmoe-demo.json --out quantized
"""

import argparse
import json
import os
import sys
import tarfile
import urllib.error
import urllib.request


def request(url, path, key=None, body=None, accept="application/json"):
    headers = {"Accept": accept}
    if key:
        headers["Authorization"] = "Bearer " + key
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    return urllib.request.urlopen(urllib.request.Request(url + path, data, headers))


def events(stream):
    """The server-sent events of a job, one dictionary each."""
    lines = []
    for raw in stream:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("data:"):
            lines.append(line[5:].strip())
        elif not line and lines:
            yield json.loads("\n".join(lines))
            lines = []


def show(event):
    data = event.get("data", event)
    if "phase" in data:
        transfer = data.get("transfer")
        done = (
            f"{transfer['bytes']:,} of {transfer['total_bytes']:,} bytes"
            if transfer
            else f"layer {data.get('layer')} of {data.get('layers')}"
        )
        print(f"{data['phase']}: {done}", file=sys.stderr)
    elif "state" in data:
        print(data["state"], file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", help="file with the job, as JSON")
    parser.add_argument("--url", default=os.environ.get("ALPHAQUANT_URL", "http://localhost:8080"))
    parser.add_argument("--key", default=os.environ.get("ALPHAQUANT_KEY"))
    parser.add_argument("--out", help="folder for the result")
    args = parser.parse_args()
    with open(args.job, encoding="utf-8") as file:
        spec = json.load(file)
    try:
        job = json.load(request(args.url, "/v1/jobs", args.key, spec))
        path = "/v1/jobs/" + job["id"]
        with request(args.url, path + "/events", args.key, accept="text/event-stream") as stream:
            for event in events(stream):
                show(event)
        job = json.load(request(args.url, path, args.key))
        if job["state"] != "SUCCEEDED":
            sys.exit(f"job {job['id']} is {job['state']}: {job.get('error', {}).get('message', '')}")
        print(json.dumps(job["result"], indent=2))
        if args.out:
            with request(args.url, path + "/artifacts.tar", args.key, accept="*/*") as stream:
                with tarfile.open(fileobj=stream, mode="r|") as archive:
                    for member in archive:
                        member.name = os.path.basename(member.name)
                        archive.extract(member, args.out)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        faults = [f"{it['pointer']}: {it['detail']}" for it in problem.get("errors", [])]
        sys.exit("\n".join([problem.get("detail", str(refused))] + faults))


if __name__ == "__main__":
    main()
