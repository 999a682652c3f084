package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest"
	uploader "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// An area sends A, then B, then A again. By no way does that end with B in force and an
// answer that says accepted: A is refused, with the figure in force and what brought it,
// and is taken as a new version where it says that it is meant again. A key makes a retry
// the same submission for ever.
//
// Rules: same content.
func TestSupersededContentIsNeverPassedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	const a, b = "600", "610"
	for way, send := range map[string]func(value, key string, again bool) event.Verdict{
		"320812": overHTTP(t, dir, "320812"), "320804": withTheCommand(t, dir, "320804"), "320803": overNATS(t, dir, "320803"),
	} {
		for _, step := range []struct {
			value, key string
			again      bool
			outcome    event.Outcome
			repeated   bool
			inForce    string
		}{
			{a, "", false, event.AllAccepted, false, a},
			{a, "", false, event.AllAccepted, true, a},
			{b, "", false, event.AllAccepted, false, b},
			{a, "", false, event.Rejected, false, b},
			{a, "", true, event.AllAccepted, false, a},
			{b, "", false, event.Rejected, false, a},
			{b, "k1", false, event.AllAccepted, false, b},
			{b, "k1", false, event.AllAccepted, true, b},
			{a, "k2", false, event.AllAccepted, false, a},
		} {
			name := fmt.Sprintf("area %s sends %s, key %q, again %t", way, step.value, step.key, step.again)
			v := send(step.value, step.key, step.again)
			if v.Outcome != step.outcome || v.Repeated != step.repeated {
				t.Errorf("%s: %s, repeated %t; want %s, %t: %+v", name, v.Outcome, v.Repeated, step.outcome, step.repeated, v)
			}
			if refused := step.outcome == event.Rejected; refused && (len(v.Findings) != 1 || v.Findings[0].Code != "SUPERSEDED" ||
				len(v.Changes) != 1 || v.Changes[0].From.Value != step.inForce || v.Changes[0].Submission == "") {
				t.Errorf("%s: want SUPERSEDED with %s in force, got %+v", name, step.inForce, v)
			}
		}
		// The key of B is B's for ever: its retry changes nothing, and does not hide that.
		v := send(b, "k1", false)
		if !v.Repeated || v.CountOf(event.Superseded) != 1 || v.Changes[0].From.Value != a {
			t.Errorf("area %s, a retry of what was superseded: %+v", way, v)
		}
		eventually(t, "ClickHouse shows what is in force", func() bool {
			return strings.HasSuffix(must(t, "sql", "--dir", dir, "--format", "csv",
				"SELECT toString(value) FROM observations_latest WHERE indicator = 'gdp' AND period = '2021' AND area = '"+way+"'"), "\n"+a+"\n")
		})
	}
}

// gateway returns a client of the gateway of the pipeline on a directory.
func gateway(t *testing.T, dir string) *uploader.Client {
	t.Helper()
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := token.Load(filepath.Join(dir, "tokens.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := tokens.Plain(token.AnyArea)
	return &uploader.Client{BaseURL: i.HTTP, Token: secret}
}

// overHTTP sends JSON as another program does.
func overHTTP(t *testing.T, dir, area string) func(value, key string, again bool) event.Verdict {
	c := gateway(t, dir)
	return func(value, key string, again bool) event.Verdict {
		body := fmt.Sprintf(`{"area": %q, "dataset": "sti-annual", "observations": [{"indicator": "gdp", "period": "2021", "value": %q}]}`, area, value)
		var text []byte
		eventually(t, "the gateway takes "+value, func() bool {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.BaseURL+"/v1/submissions?again="+fmt.Sprint(again), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header = http.Header{"Authorization": {"Bearer " + c.Token}, "Content-Type": {"application/json"}, "Prefer": {"wait=20"}}
			if key != "" {
				request.Header.Set("Idempotency-Key", key)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if text, err = io.ReadAll(answer.Body); err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("%s: %s", answer.Status, text)
			}
			return answer.StatusCode == http.StatusOK
		})
		var r ingest.Receipt
		decode(t, bytes.NewReader(text), &r)
		return verdictOf(t, &r)
	}
}

// withTheCommand sends a file with citytally submit. What it prints is for a person; the
// details are those of the newest verdict, of the first submission where it is repeated.
func withTheCommand(t *testing.T, dir, area string) func(value, key string, again bool) event.Verdict {
	log := attach(t, dir)
	return func(value, key string, again bool) event.Verdict {
		args := []string{"submit", csvFile(t, "indicator,period,value\ngdp,2021,"+value+"\n"), "--dir", dir, "--area", area, "--dataset", "sti-annual", "--lang", "en"}
		if key != "" {
			args = append(args, "--key", key)
		}
		if again {
			args = append(args, "--again")
		}
		code, stdout, stderr := citytally(t, args...)
		accepted := strings.Contains(stdout, "accepted, 1 of 1 rows")
		if accepted != (code == 0) || !accepted && (code != exitRefused || !strings.Contains(stdout, "stays in force")) {
			t.Fatalf("submit: exit code %d\n%s%s", code, stdout, stderr)
		}
		v := lastVerdict(t, log, area)
		v.Repeated = strings.Contains(stdout, "same content as before")
		if accepted != (v.Outcome == event.AllAccepted) {
			t.Errorf("the verdict is %+v, and the command says:\n%s", v, stdout)
		}
		if v.CountOf(event.Superseded) > 0 && !strings.Contains(stdout, "1 superseded") {
			t.Errorf("the command does not say that a figure is superseded:\n%s", stdout)
		}
		return v
	}
}

// overNATS publishes to the broker.
func overNATS(t *testing.T, dir, area string) func(value, key string, again bool) event.Verdict {
	log := attach(t, dir)
	return func(value, key string, again bool) event.Verdict {
		body, err := json.Marshal(event.Submission{
			Key: key, Again: again, Observations: []event.Observation{{Indicator: "gdp", Period: "2021", Value: event.Text(value)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		published, err := log.Publish(t.Context(), stream.Message{Subject: "submissions." + area + ".sti-annual", Body: body})
		if err != nil {
			t.Fatal(err)
		}
		var v event.Verdict
		eventually(t, "the verdict on what was published", func() bool {
			v = lastVerdict(t, log, area)
			return v.Sequence == published[0].Sequence
		})
		return v
	}
}

// lastVerdict returns the newest verdict on an area's annual figures; none is empty.
func lastVerdict(t *testing.T, log *stream.Log, area string) (v event.Verdict) {
	t.Helper()
	m, err := log.GetLast(t.Context(), stream.Verdicts, "verdicts."+area+".sti-annual")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return v
	}
	if err != nil {
		t.Fatal(err)
	}
	decode(t, bytes.NewReader(m.Data), &v)
	return v
}

func verdictOf(t *testing.T, r *ingest.Receipt) event.Verdict {
	t.Helper()
	if r.Verdict == nil {
		t.Fatalf("no verdict in %+v", r)
	}
	v := *r.Verdict
	v.Repeated = r.Repeated || v.Repeated
	return v
}
