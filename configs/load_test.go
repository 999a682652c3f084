package configs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/transform/schedule"
)

var (
	update  = flag.Bool("update", false, "write the messages of testdata/*.bad.yaml anew")
	compare = cmpopts.IgnoreTypes(zerolog.Logger{})
)

func TestDefaultsWork(t *testing.T) {
	got, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got, compare); diff != "" {
		t.Error(diff)
	}
}

func TestGoodFilesAreRead(t *testing.T) {
	want := map[string]func(s *Settings){
		"testdata/minimal.good.yaml": func(*Settings) {},
		"testdata/embedded.good.yaml": func(s *Settings) {
			s.Dir = "/var/lib/citytally"
			s.NATS.Embedded.Port = 0
			s.NATS.Embedded.SyncInterval = natsd.SyncInterval(2 * time.Minute)
			s.NATS.Embedded.MaxStore = 10 << 30
			s.ClickHouse.Embedded.HTTPPort, s.ClickHouse.Embedded.NativePort = 0, 0
			s.ClickHouse.Embedded.Confine = confine.Off
			s.ClickHouse.Embedded.Users = []engine.User{{Name: "writer", Password: "0042"}, {Name: "reader", Password: "geheim", ReadOnly: true}}
			s.Transform.Schedules = []schedule.Schedule{}
		},
		"testdata/operations.good.yaml": func(s *Settings) {
			s.Operations = Operations{Address: "127.0.0.1:0", PProf: true}
			s.Tracing.Endpoint = "http://localhost:4318"
		},
		"testdata/servers.good.yaml": func(s *Settings) {
			s.TimeZone = "UTC"
			s.Log = Log{Level: "debug", Format: "json"}
			s.NATS.URL, s.NATS.User, s.NATS.Password = "nats://n1:4222, tls://n2:4222", "citytally", "swordfish"
			s.NATS.TLS = tlsfiles.Client{CAFile: "ca.pem", CertFile: "c.pem", KeyFile: "k.pem"}
			s.Streams.Replicas = 3
			s.ClickHouse.DSN = "clickhouse://citytally:swordfish@c1:9000/citytally?dial_timeout=5s"
			s.Ingest.Address = "0.0.0.0:80"
			s.Transform.Schedules = []schedule.Schedule{
				{Name: "nightly", Cron: "30 2 * * *"},
				{Name: "headline", Cron: "@hourly", Period: "this_year", Indicator: "gdp"},
			}
		},
	}
	for _, path := range files(t, "testdata/*.good.yaml") {
		change, ok := want[path]
		if !ok {
			t.Errorf("%s: nothing says what it means", path)
			continue
		}
		settings := Default()
		change(settings)
		got, err := Load(path, nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if diff := cmp.Diff(settings, got, compare); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestBadFilesAreRefusedWithEveryMistake(t *testing.T) {
	for _, path := range files(t, "testdata/*.bad.yaml") {
		settings, err := Load(path, nil)
		if err == nil {
			t.Errorf("%s: no mistake was found in %+v", path, settings)
			continue
		}
		golden := strings.TrimSuffix(path, ".yaml") + ".txt"
		got := err.Error() + "\n"
		if strings.Contains(got, "swordfish") {
			t.Errorf("%s: the message holds a password:\n%s", path, got)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: messages differ (-want +got), -update writes them:\n%s", path, diff)
		}
	}
}

func TestEnvironmentWinsOverTheFile(t *testing.T) {
	got, err := Load("testdata/embedded.good.yaml", []string{
		"HOME=/root",
		"CITYTALLY_DIR=/first",
		"CITYTALLY_DIR=/data",
		"CITYTALLY_TIME_ZONE=",
		"CITYTALLY_NATS_EMBEDDED_PORT=4333",
		"CITYTALLY_NATS_EMBEDDED_SYNC_INTERVAL=always",
		"CITYTALLY_CATALOGUE=0123",
		"CITYTALLY_NATS_EMBEDDED_DIR=a: [b",
		"CITYTALLY_TRANSFORM_ACK_WAIT=7s",
		`CITYTALLY_TRANSFORM_SCHEDULES=[{name: hourly, cron: "@hourly"}]`,
		// Not settings, and none of our business: an orchestrator's, and the engine's own.
		"CITYTALLY_PORT=tcp://10.0.0.1:80",
		"CITYTALLY_NATS_SERVICE_HOST=10.0.0.2",
		"CITYTALLY_LIBCHDB=/opt/libchdb.so",
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load("testdata/embedded.good.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want.Dir = "/data"
	want.NATS.Embedded.Port = 4333
	want.NATS.Embedded.SyncInterval = natsd.SyncAlways
	want.Catalogue, want.NATS.Embedded.Dir = "0123", "a: [b"
	want.Transform.AckWait = 7 * time.Second
	want.Transform.Schedules = []schedule.Schedule{{Name: "hourly", Cron: "@hourly"}}
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentMistakesNameTheVariable(t *testing.T) {
	_, err := Load("testdata/servers.good.yaml", []string{
		"CITYTALLY_NATS_EMBEDDED_PORT=many",
		"CITYTALLY_TRANSFORM_ACK_WAIT=5",
		"CITYTALLY_TRANSFORM_BATCH=0",
		"CITYTALLY_TRANSFORM_SCHEDULES=nightly",
		"CITYTALLY_STREAMS_REPLICAS=[",
		"CITYTALLY_LOG_LEVLE=debug",
	})
	if err == nil {
		t.Fatal("no mistake was found")
	}
	want := `CITYTALLY_NATS_EMBEDDED_PORT: nats.embedded.port: want a whole number, got "many"
CITYTALLY_STREAMS_REPLICAS: streams.replicas: want a whole number, got text that is not YAML
CITYTALLY_TRANSFORM_ACK_WAIT: transform.ack_wait: want a duration such as 30s, 5m or 24h, got "5"
CITYTALLY_TRANSFORM_SCHEDULES: transform.schedules: want a list, got "nightly"
CITYTALLY_LOG_LEVLE: no such setting; did you mean CITYTALLY_LOG_LEVEL?
CITYTALLY_TRANSFORM_BATCH: transform.batch: want 1 to 1000, got 0`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("messages differ (-want +got):\n%s", diff)
	}
}

func TestLoadNeedsTheFileItIsGiven(t *testing.T) {
	if _, err := Load("testdata/nowhere.yaml", nil); err == nil || !strings.HasPrefix(err.Error(), "read settings: open testdata/nowhere.yaml") {
		t.Errorf("want an error that names the file, got %v", err)
	}
}

func TestCheckFollowsReferences(t *testing.T) {
	if err := Check("", nil); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	dir := t.TempDir()
	catalogue := filepath.Join(dir, "catalogue.yaml")
	if err := os.WriteFile(catalogue, []byte("city: nowhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Check("", []string{"CITYTALLY_CATALOGUE=" + catalogue})
	if want := catalogue + ":1: city: want"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a bad catalogue: want an error with %q, got %v", want, err)
	}
	calendar := filepath.Join(dir, "calendar.yaml")
	if err := os.WriteFile(calendar, []byte("obligations: [{dataset: none}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err = Check("", []string{"CITYTALLY_CALENDAR=" + calendar})
	if want := calendar + `:1: obligations[0].dataset: want a dataset of the catalogue, got "none"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a bad calendar: want an error with %q, got %v", want, err)
	}
	err = Check("", []string{
		"CITYTALLY_INGEST_TLS_CERT_FILE=absent.pem", "CITYTALLY_INGEST_TLS_KEY_FILE=absent.key.pem", "CITYTALLY_TLS_CA_FILE=absent.ca.pem",
		`CITYTALLY_TRANSFORM_SCHEDULES=[{name: a, cron: "@daily", indicator: gpd}]`,
		"CITYTALLY_CLICKHOUSE_EMBEDDED_LIBRARY=" + filepath.Join(dir, "libchdb.so"),
	})
	for _, want := range []string{`transform.schedules[0].indicator: want an indicator of the catalogue, got "gpd"`, "clickhouse.embedded.library: stat " + dir,
		"ingest.tls: open absent.pem", "tls.ca_file: stat absent.ca.pem"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s (%v)", pattern, err)
	}
	return paths
}
