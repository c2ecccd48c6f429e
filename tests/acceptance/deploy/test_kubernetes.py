"""The Helm chart: rendered by Helm, checked as an API server would, and for what we promise."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import ValidationError

from copq.aggregator.stream import AggregatorSettings
from copq.costing.settings import CostingSettings
from copq.kafka.brokers import Brokers
from copq.kafka.topics import EVENTS, PRICED
from copq.pack.schedule import read_schedule
from tests.support.deploy.api_schemas import check
from tests.support.deploy.command_lines import parse
from tests.support.deploy.helm.chart import CHART, ROOT, Release, pod, render

EXAMPLES = ROOT / "deploy" / "kubernetes" / "examples"
RULES = sorted((ROOT / "deploy" / "prometheus").glob("*.y*ml"))
TLS = {"bootstrap": "kafka:9093", "caSecret": "ca"}
WORKERS = {
    "costing": (EVENTS, CostingSettings(Brokers(""), "").group),
    "aggregator": (PRICED, AggregatorSettings(Brokers(""), "").group),
}
pytestmark = pytest.mark.helm


MONITORING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
RULE = {"alert": "Late", "expr": "copq_age_seconds > 60", "for": "5m"}
PACKS = """
packs: [{name: review, day: 5, to: [quality@example.com], folder: /srv/packs}]
mail: {host: smtp.example.com, port: 587, security: starttls, from: copq@example.com,
       username: copq, password_env: COPQ_MAIL_PASSWORD}
"""
EVERYTHING = {
    "image": {"pullSecrets": ["registry"]},
    "kafka": {**TLS, "clientSecret": "me", "sasl": {"secret": "kafka"}},
    "ingest": {"tlsSecret": "https", "databaseSecret": "ingest-database"},
    "mqtt": {"enabled": True, "config": "broker: mqtt://broker\n", "storageClass": "fast"},
    "reporting": {"ingress": {"enabled": True, "host": "copq.example.com", "tlsSecret": "https"}},
    "signIn": {"enabled": True, "config": "issuer: https://a.example\n", "envSecret": "sign-in"},
    "packs": {
        "enabled": True,
        "schedule": PACKS,
        "envSecret": "mail",
        "folderClaim": "shared-packs",
    },
    "keda": {"enabled": True},
    "tracing": {"endpoint": "http://collector:4318", "headersSecret": "collector"},
    "monitoring": {
        "enabled": True,
        "rules": {"late": yaml.safe_dump({"groups": [{"name": "late", "rules": [RULE]}]})},
    },
    "networkPolicy": {
        "prometheus": [MONITORING],
        "database": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
    },
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "plant", "operator": "Exists"}],
    "podAnnotations": {"team": "quality"},
}
OURS = {path.stem: text for path in RULES if "groups:" in (text := path.read_text())}
VALUES = {
    "everything": EVERYTHING,
    "our rules": {
        "kafka": TLS,
        "monitoring": {"enabled": True, "rules": OURS},
        "networkPolicy": {"prometheus": [MONITORING]},
    },
    "scraped by anybody": {"kafka": TLS, "monitoring": {"enabled": True}},
    "another configuration": EVERYTHING
    | {"mqtt": {"enabled": True, "config": "broker: mqtt://x\n"}}
    | {"signIn": {"enabled": True, "config": "issuer: https://b.example\n"}}
    | {"packs": {"enabled": True, "configMap": "our-packs", "ports": [465]}},
    "two schedules": {
        "kafka": TLS,
        "packs": {"enabled": True, "schedule": PACKS, "configMap": "a"},
    },
    "no schedule": {"kafka": TLS, "packs": {"enabled": True}},
    "one stage": EVERYTHING | {"costing": {"enabled": False}},
    "in the clear": {"kafka": {"bootstrap": "kafka:9092"}},
    "misspelt": {"kafka": TLS, "kafak": {}},
}


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    """What the examples and `VALUES` make."""
    folder = tmp_path_factory.mktemp("chart")
    files = {name: EXAMPLES / f"{name}.yaml" for name in ("production", "trial")}
    for name, values in VALUES.items():
        files[name] = folder / f"{name}.values.yaml"
        files[name].write_text(yaml.safe_dump(values))
    return dict(zip(files, render(folder, *files.values()), strict=True))


@pytest.fixture(scope="module")
def releases(charts: dict[str, Release]) -> list[Release]:
    return [charts["production"], charts["trial"], charts["everything"]]


def test_an_api_server_would_take_every_manifest(releases: list[Release]) -> None:
    for release in releases:
        assert release.manifests
        for manifest in release.manifests:
            check(manifest)


@pytest.mark.parametrize("kind", ["Deployment", "ScaledObject", "PodMonitor"])
def test_the_check_refuses_a_misspelt_field(releases: list[Release], kind: str) -> None:
    manifest = releases[0].of_kind(kind)[0]
    with pytest.raises(ValidationError, match="sepc"):
        check({**manifest, "spec": {**manifest["spec"], "sepc": 1}})


def test_containers_can_change_nothing_and_become_nobody_else(releases: list[Release]) -> None:
    for workload in releases[0].workloads() + releases[2].workloads():
        spec = pod(workload)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert container["resources"]["limits"]["memory"]
            assert re.search(r":\d", container["image"])


def test_the_user_is_that_of_the_image(releases: list[Release]) -> None:
    dockerfile = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    user = int(re.findall(r"^USER (\d+)$", dockerfile, re.MULTILINE)[-1])
    assert {pod(w)["securityContext"]["runAsUser"] for w in releases[0].workloads()} == {user}


def test_services_are_probed_on_a_port_that_they_have(releases: list[Release]) -> None:
    for workload in releases[2].of_kind("Deployment", "StatefulSet"):
        [container] = pod(workload)["containers"]
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in ports
        secure = "--tls-cert=/etc/copq/tls/tls.crt" in container["args"]
        assert container["readinessProbe"]["httpGet"]["scheme"] == ("HTTPS" if secure else "HTTP")


@pytest.mark.parametrize(
    "component", ["migrate", "ingest", "costing", "aggregator", "reporting", "mqtt"]
)
def test_services_are_commands_that_there_are(charts: dict[str, Release], component: str) -> None:
    kind = {"migrate": "Job", "mqtt": "StatefulSet"}.get(component, "Deployment")
    [container] = pod(charts["everything"].named(kind, f"copq-{component}"))["containers"]
    secrets = {"DATABASE_URL": "postgresql://copq@db/copq"}
    told = {v["name"]: v.get("value") or secrets.get(v["name"], "x") for v in container["env"]}
    parse(container["args"], told)


def test_no_manifest_holds_a_secret(releases: list[Release]) -> None:
    for release in releases:
        assert not release.of_kind("Secret")
        for workload in release.workloads():
            for container in pod(workload)["containers"]:
                for variable in container["env"]:
                    secret = re.search("URL|PASSWORD$|USERNAME|TOKEN|HEADERS", variable["name"])
                    assert ("secretKeyRef" in variable.get("valueFrom", {})) == bool(secret)


def test_each_service_has_its_account_its_budget_and_its_policy(releases: list[Release]) -> None:
    for workload in releases[0].workloads():
        name = workload["metadata"]["name"]
        assert pod(workload)["serviceAccountName"] == name
        labels = workload["spec"]["template"]["metadata"]["labels"]
        kinds = {"ServiceAccount": None, "NetworkPolicy": "podSelector"}
        if workload["kind"] != "Job":
            kinds["PodDisruptionBudget"] = "selector"
        for kind, selector in kinds.items():
            found = releases[0].named(kind, name)
            if selector:
                wanted = found["spec"][selector]["matchLabels"]
                assert wanted.items() <= labels.items()


def test_only_named_peers_come_in(releases: list[Release]) -> None:
    production, trial = releases[0], releases[1]
    ingress = {
        policy["metadata"]["name"]: policy["spec"].get("ingress")
        for policy in production.of_kind("NetworkPolicy")
    }
    assert ingress["copq-migrate"] is None
    for name, namespaces in {
        "copq-costing": {9101: {"monitoring"}},
        "copq-mqtt": {9101: {"monitoring"}},
        "copq-ingest": {8080: {"ingress-nginx"}, 9101: {"monitoring"}},
        "copq-reporting": {8081: {"ingress-nginx"}, 9101: {"monitoring"}},
    }.items():
        found = {
            rule["ports"][0]["port"]: {
                peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                for peer in rule["from"]
            }
            for rule in ingress[name]
        }
        assert found == namespaces
    for policy in trial.of_kind("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"] == [{"podSelector": {}}], "where none is named: the namespace"


def test_who_scrapes_is_named(charts: dict[str, Release]) -> None:
    assert "name the peers that scrape" in (charts["scraped by anybody"].refused or "")


def test_a_changed_mqtt_configuration_starts_the_pod_again(charts: dict[str, Release]) -> None:
    sums = set()
    for name in ("everything", "another configuration"):
        workload = charts[name].named("StatefulSet", "copq-mqtt")
        sums.add(workload["spec"]["template"]["metadata"]["annotations"]["checksum/config"])
        [config] = [v["configMap"]["name"] for v in pod(workload)["volumes"] if "configMap" in v]
        assert "broker" in charts[name].named("ConfigMap", config)["data"]["mqtt.yaml"]
    assert len(sums) == 2


def test_pages_for_people_know_the_provider(charts: dict[str, Release]) -> None:
    for name in ("copq-ingest", "copq-reporting"):
        sums = set()
        for values in ("everything", "another configuration"):
            workload = charts[values].named("Deployment", name)
            sums.add(workload["spec"]["template"]["metadata"]["annotations"]["checksum/sign-in"])
            [container] = pod(workload)["containers"]
            told = {variable["name"]: variable.get("value") for variable in container["env"]}
            mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert Path(told["COPQ_SIGN_IN"] or "").parent.as_posix() in mounted
            [volume] = [each for each in pod(workload)["volumes"] if each["name"] == "sign-in"]
            config = charts[values].named("ConfigMap", volume["configMap"]["name"])
            assert config["data"].keys() == {Path(told["COPQ_SIGN_IN"] or "").name}
        assert len(sums) == 2
        [container] = pod(charts["everything"].named("Deployment", name))["containers"]
        assert {"secretRef": {"name": "sign-in"}} in container["envFrom"]
        egress = charts["everything"].named("NetworkPolicy", name)["spec"]["egress"]
        assert [{"port": 443, "protocol": "TCP"}] in [rule["ports"] for rule in egress]
    for workload in charts["production"].workloads():
        assert all(volume["name"] != "sign-in" for volume in pod(workload)["volumes"])


def test_packs_are_sent_by_reporting_as_a_file_says(
    charts: dict[str, Release], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporting = charts["everything"].named("Deployment", "copq-reporting")
    [container] = pod(reporting)["containers"]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    path = Path(told["COPQ_PACK_SCHEDULE"] or "")
    volumes = {volume["name"]: volume for volume in pod(reporting)["volumes"]}
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    config = mounted[path.parent.as_posix()]["configMap"]["name"]
    text = charts["everything"].named("ConfigMap", config)["data"][path.name]
    monkeypatch.setenv("COPQ_MAIL_PASSWORD", "of the mail server")
    (tmp_path / path.name).write_text(text)
    schedule = read_schedule(tmp_path / path.name)
    [delivery] = schedule.packs
    claim = mounted[str(delivery.folder)]["persistentVolumeClaim"]
    assert claim == {"claimName": "shared-packs"}
    assert container["envFrom"] == [
        {"secretRef": {"name": "sign-in"}}, {"secretRef": {"name": "mail"}}
    ]  # fmt: skip
    egress = charts["everything"].named("NetworkPolicy", "copq-reporting")["spec"]["egress"]
    assert schedule.mail is not None
    assert [{"port": schedule.mail.port, "protocol": "TCP"}] in [rule["ports"] for rule in egress]
    [ingest] = pod(charts["everything"].named("Deployment", "copq-ingest"))["containers"]
    assert ingest["envFrom"] == [{"secretRef": {"name": "sign-in"}}]


def test_a_schedule_of_packs_is_one_file_and_a_change_starts_the_pod_again(
    charts: dict[str, Release],
) -> None:
    sums = set()
    for name in ("everything", "another configuration"):
        workload = charts[name].named("Deployment", "copq-reporting")
        sums.add(workload["spec"]["template"]["metadata"]["annotations"]["checksum/packs"])
    assert len(sums) == 2
    [volume] = [each for each in pod(workload)["volumes"] if each["name"] == "packs"]
    assert volume["configMap"]["name"] == "our-packs"
    assert "schedule or configMap, not both" in (charts["two schedules"].refused or "")
    assert "--set-file packs.schedule" in (charts["no schedule"].refused or "")
    [reporting] = pod(charts["production"].named("Deployment", "copq-reporting"))["containers"]
    assert "COPQ_PACK_SCHEDULE" not in {variable["name"] for variable in reporting["env"]}


def test_the_board_has_an_ingress_of_its_own(charts: dict[str, Release]) -> None:
    [rule] = charts["everything"].named("Ingress", "copq-reporting")["spec"]["rules"]
    assert rule["host"] == "copq.example.com"
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "copq-reporting"


def test_workers_follow_the_lag_of_their_own_group(releases: list[Release]) -> None:
    for component, (topic, group) in WORKERS.items():
        scaled = releases[0].named("ScaledObject", f"copq-{component}")["spec"]
        [trigger] = scaled["triggers"]
        assert trigger["metadata"]["topic"] == topic
        assert trigger["metadata"]["consumerGroup"] == group
        assert trigger["metadata"]["sasl"] == "scram_sha512"
        assert trigger["metadata"]["tls"] == "enable"
        target = releases[0].named("Deployment", scaled["scaleTargetRef"]["name"])
        assert "replicas" not in target["spec"], "KEDA's figure would be undone at each upgrade"
        authentication = trigger["authenticationRef"]["name"]
        assert releases[0].named("TriggerAuthentication", authentication)


def test_without_costing_the_aggregator_reads_the_events(charts: dict[str, Release]) -> None:
    release = charts["one stage"]
    assert not [m for m in release.manifests if m["metadata"]["name"] == "copq-costing"]
    [container] = pod(release.named("Deployment", "copq-aggregator"))["containers"]
    told = {v["name"]: v.get("value") for v in container["env"]}
    settings = AggregatorSettings(Brokers(""), "", from_events=told["COPQ_FROM_EVENTS"] == "1")
    [trigger] = release.named("ScaledObject", "copq-aggregator")["spec"]["triggers"]
    assert trigger["metadata"]["topic"] == EVENTS
    assert trigger["metadata"]["consumerGroup"] == settings.members()


@pytest.mark.parametrize("name", ["everything", "one stage"])
def test_every_service_is_scraped_on_a_port_that_it_has(
    charts: dict[str, Release], name: str
) -> None:
    release = charts[name]
    scraped = {m["metadata"]["name"]: m["spec"] for m in release.of_kind("PodMonitor")}
    services = release.of_kind("Deployment", "StatefulSet")
    assert set(scraped) == {service["metadata"]["name"] for service in services}
    for service in services:
        [container] = pod(service)["containers"]
        [endpoint] = scraped[service["metadata"]["name"]]["podMetricsEndpoints"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        told = {v["name"]: v.get("value") for v in container["env"]}.get("METRICS_PORT")
        assert str(ports[endpoint["port"]]) == told


def test_the_stream_is_told_where_traces_go(charts: dict[str, Release]) -> None:
    for name, endpoint in {"everything": "http://collector:4318", "trial": None}.items():
        for component in ("ingest", "costing", "aggregator"):
            [container] = pod(charts[name].named("Deployment", f"copq-{component}"))["containers"]
            told = {v["name"]: v.get("value") for v in container["env"]}
            assert told.get("OTEL_EXPORTER_OTLP_ENDPOINT") == endpoint
            assert ("OTEL_EXPORTER_OTLP_HEADERS" in told) == bool(endpoint)


def test_no_more_workers_than_partitions() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for component in WORKERS:
        assert values[component]["scale"]["max"] <= values["kafka"]["topics"]["partitions"]


def test_the_schema_is_migrated_before_services_roll(releases: list[Release]) -> None:
    for release in releases:
        [job] = release.of_kind("Job")
        hooked = [job, release.named("ServiceAccount", "copq-migrate")]
        if release.of_kind("NetworkPolicy"):
            hooked.append(release.named("NetworkPolicy", "copq-migrate"))
        for manifest in hooked:
            assert manifest["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_traffic_in_plain_text_is_asked_for_by_name(charts: dict[str, Release]) -> None:
    assert "plaintext: true where the network is trusted" in (charts["in the clear"].refused or "")


def test_values_that_mean_nothing_are_refused(charts: dict[str, Release]) -> None:
    assert "kafak" in (charts["misspelt"].refused or "")


@pytest.mark.skipif(not OURS, reason="there are no rules in deploy/prometheus")
def test_the_rules_of_prometheus_fit_the_operator(charts: dict[str, Release]) -> None:
    found = charts["our rules"].of_kind("PrometheusRule")
    assert len(found) == len(OURS)
    for manifest in found:
        check(manifest)


def test_those_who_take_events_know_how_many_names_a_sender_may_bring(
    charts: dict[str, Release],
) -> None:
    for kind, name in (("Deployment", "copq-ingest"), ("StatefulSet", "copq-mqtt")):
        [container] = pod(charts["everything"].named(kind, name))["containers"]
        told = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert told["COPQ_NAMES_PER_SENDER"] == "1000"
