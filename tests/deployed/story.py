"""One story through the deployed template: the packaged binaries, the API with its authorizer, the table with
its stream, the queues and the schedule, on ministack.

Runs in a network namespace of its own (.ci/deployed makes it), in which the two names below lead to
127.0.0.1: ministack listens on every interface, and a recipient must be a name on port 443.
"""

import base64
import datetime
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3

from party import ISSUER, RECIPIENT, Certificates, Party

GATEWAY = "http://127.0.0.1:4566"
AUDIENCE = "assenso"
SUBJECT = "customer-4711"
FORMER = "customer-4712"
NAMED = {"bmw-ag": "group-company", "marketing-platform": "processor", "campaign-service": "processor"}


def deploy(ministack, sam, work):
    """Start the cloud, and give it the template as the README says."""
    certificates = Certificates(work)
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", SAM_CLI_TELEMETRY="0")
    environment |= {"AWS_DEFAULT_REGION": "eu-south-1", "MINISTACK_REGION": "eu-south-1"}
    # What the functions inherit there, since on AWS they need no address; and whom the authorizer trusts.
    endpoints = {"AWS_ENDPOINT_URL_DYNAMODB": GATEWAY, "AWS_ENDPOINT_URL_SQS": GATEWAY}
    log = open(work / "ministack.log", "w")
    cloud = subprocess.Popen(
        [ministack], env=environment | endpoints | {"SSL_CERT_FILE": str(certificates.authority)}, stdout=log, stderr=log
    )
    until("ministack answers", lambda: urllib.request.urlopen(GATEWAY + "/_ministack/health", timeout=2).status == 200)
    os.environ |= environment | {"AWS_ENDPOINT_URL": GATEWAY}
    parameters = {
        "JwtIssuer": ISSUER,
        "JwtAudience": AUDIENCE,
        "Architecture": {"aarch64": "arm64"}.get(os.uname().machine, "x86_64"),
        "RecipientNetworks": "127.0.0.1/32",
        "RecipientRoots": base64.b64encode(certificates.der()).decode(),
    }
    subprocess.run(
        [sam, "deploy", "-t", "infra/aws/template.yaml", "--stack-name", "assenso", "--resolve-s3", "--no-progressbar"]
        + ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--parameter-overrides"]
        + [f"{name}={value}" for name, value in parameters.items()],
        check=True,
        stdout=open(work / "deploy.log", "w"),
    )
    stack = boto3.client("cloudformation").describe_stacks(StackName="assenso")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return cloud, certificates, outputs


def until(what, holds, seconds=60):
    """What the cloud does by itself takes a moment."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if holds():
                print(f"ok: {what}", flush=True)
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"never: {what}")


def equal(what, got, wanted):
    if got != wanted:
        sys.exit(f"wrong: {what}: {got}, not {wanted}")
    print(f"ok: {what}", flush=True)


def due_already(subject):
    """Let what will be due for somebody have been due for an hour: the soonest is six minutes ahead."""
    table = boto3.client("cloudformation").describe_stack_resource(StackName="assenso", LogicalResourceId="Table")
    table = boto3.resource("dynamodb").Table(table["StackResourceDetail"]["PhysicalResourceId"])
    noted = lambda: [item for item in table.scan()["Items"] if item["pk"].startswith("DUE#") and subject in item["sk"]]
    until("the fan-out notes when to look again", noted)
    for item in noted():
        hour_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
        shard = item["pk"].split("#")[-1]
        rest = item["sk"].split("#", 1)[1]
        key = {"pk": f"DUE#{hour_ago:%Y-%m-%d}#{shard}", "sk": f"{int(hour_ago.timestamp() * 1000):015}#{rest}"}
        table.put_item(Item=item | key)
    # It does not look back behind its marks.
    table.delete_item(Key={"pk": "SWEEP#DUE", "sk": "MARKS"})


def story(outputs, party):
    host = outputs["ApiUrl"].removeprefix("http://")

    def ask(method, path, body=None, scope="service", media="application/json", **headers):
        token = {"Authorization": "Bearer " + party.token(scope, AUDIENCE)} if scope else {}
        request = urllib.request.Request(
            GATEWAY + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Host": host, "Content-Type": media} | token | headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    # The door.
    equal("nobody comes in without a token", ask("GET", f"/v1/subjects/{SUBJECT}", scope=None)[0], 401)
    forged = party.token("service", AUDIENCE)[:-8] + "AAAAAAAA"
    refused = ask("GET", f"/v1/subjects/{SUBJECT}", scope=None, Authorization="Bearer " + forged)
    equal("nor with a forged one", refused[0], 401)
    equal("nor with the wrong scope", ask("GET", f"/v1/subjects/{SUBJECT}", scope="site")[0], 403)
    equal("a notice is public", ask("GET", "/v1/notices/bmw-italia-promotional/1?language=it", scope=None)[0], 200)

    for name, kind in NAMED.items():
        role = "processor" if kind == "processor" else "separate-controller"
        settings = {"kind": kind, "role": role, "authorised": True, "endpoint": f"{RECIPIENT}/{name}"}
        status, registered = ask("PUT", f"/v1/recipients/{name}", settings)
        equal(f"{name} is registered", status, 201)
        party.secrets[name] = registered["signing_secret"]

    # A consent, and what follows from it. One recipient is out of order at first.
    party.broken.add("campaign-service")
    consent = {
        "notice": {"id": "bmw-italia-promotional", "version": 1, "language": "it"},
        "brand": "bmw",
        "source": "form",
        "controls": ["promotional"],
        "channels": ["email", "phone"],
        "evidence": {"kind": "signed-in"},
    }
    keyed = {"Idempotency-Key": '"form-1"'}
    equal("a consent is captured", ask("POST", f"/v1/subjects/{SUBJECT}/consents", consent, **keyed)[0], 201)
    until("one recipient refuses it", lambda: party.turned_away)
    party.broken.clear()
    contact = {"contact": {"given-name": "Anna", "phone": "+39 02 0000000"}}
    patched = ask("PATCH", f"/v1/subjects/{SUBJECT}/profile?source=subject", contact, media="application/merge-patch+json")
    equal("a profile is updated", patched[0], 200)
    until("the group company holds the data", lambda: party.content("bmw-ag").get("contact") == contact["contact"])

    def may():
        question = {"subject": SUBJECT, "who": "bmw-ag", "purpose": "marketing", "channel": "phone"}
        return ask("POST", "/v1/decisions", {"questions": [question]})[1]["answers"][0]["allowed"]

    equal("the group company may phone", may(), True)

    # A change of mind.
    equal("all is withdrawn", ask("POST", f"/v1/subjects/{SUBJECT}/withdrawals", {"all": True})[0], 200)
    equal("nobody may phone", may(), False)
    for name in NAMED:
        until(f"{name} is told, and holds nothing", lambda name=name: party.was_told(name) and not party.holds(name))

    # What ended while nobody looked.
    ended = consent | {"happened_at": "2024-01-15T12:00:00Z"}
    keyed = {"Idempotency-Key": '"form-2"'}
    equal("a consent of long ago is captured", ask("POST", f"/v1/subjects/{FORMER}/consents", ended, **keyed)[0], 201)
    due_already(ask("GET", f"/v1/subjects/{FORMER}")[1]["subject"])
    last_act = lambda: ask("GET", f"/v1/subjects/{FORMER}/history")[1]["acts"][-1]["act"]
    until("the schedule finds that it has ended", lambda: last_act() == "lapsed", 150)

    # What can never be run.
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=outputs["QueueUrl"], MessageBody="this is not ours")
    dead = {"QueueUrl": outputs["DeadLetterQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    waiting = lambda: sqs.get_queue_attributes(**dead)["Attributes"]["ApproximateNumberOfMessages"]
    until("a poison message lies among the dead", lambda: waiting() == "1")
    equal("every signature was good", party.refused, [])


def main():
    ministack, sam, work = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    cloud, certificates, outputs = deploy(ministack, sam, work)
    try:
        party = Party(certificates)
        story(outputs, party)
    finally:
        cloud.terminate()
        cloud.wait()


main()
