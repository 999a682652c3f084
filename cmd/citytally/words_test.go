package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// A wrong command line is answered with what is wrong and what to do.
func TestUsageMessages(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"nosuch"}, "see citytally --help\n"},
		{[]string{"config", "nosuch"}, "see citytally config --help\n"},
		{[]string{"recompute", "--indicator", "gpd"}, `there is no indicator "gpd"; did you mean "gdp"?`},
		{[]string{"run", "--only", "sink,nosuch"}, `--only: want ingest, collect, transform, sink, schedule, got "nosuch"`},
		{[]string{"report", "--lang", "fr"}, `--lang: want zh, en, got "fr"`},
		{[]string{"hold", "list", "--state", "open"}, `--state: want all, pending, released, refused, superseded, got "open"`},
		{[]string{"docs", "nosuch"}, `there is no topic "nosuch"; want pushing, files, rules, publishing, querying, operating`},
		{[]string{"recompute", "--indicator", "zzzzzz"}, `there is no indicator "zzzzzz"; see the view indicators`},
		{[]string{"token", "create", "--area", "320899"}, `want an area of the catalogue, or "*" for all, got "320899"`},
		{[]string{"token", "create", "--area", "320812", "--role", "boss"}, `--role: want district, bureau, analyst, got "boss"`},
		{[]string{"catalogue", "apply", "nosuch.yaml"}, "read catalogue: open nosuch.yaml"},
		{[]string{"rules", "apply", "nosuch.yaml"}, "read rules: open nosuch.yaml"},
		{[]string{"catalogue", "show", "nosuch.yaml", "--version", "0123456789ab"}, "leave out FILE"},
		{[]string{"calendar", "--area", "320899"}, `--area: want an area of the catalogue, got "320899"`},
		{[]string{"calendar", "--from", "2026-05-01", "--to", "2026-04-01"}, "--to: want a day that is not before --from"},
		{[]string{"restore", t.TempDir()}, "holds no backup"},
		{[]string{"backup", "verify", t.TempDir()}, "holds no backup"},
		{[]string{"move"}, "want --to, a settings file"},
		{[]string{"schedule", "next", "nigthly"}, `the settings have no schedule "nigthly"; did you mean "nightly"?`},
		{[]string{"schedule", "pause", "nightly"}, "--reason: want why"},
		{[]string{"schedule", "reminders", "--area", "320899"}, `--area: want an area of the catalogue, got "320899"`},
		{[]string{"recompute", "--period", "2021-13"}, "--period: want a period"},
		{[]string{"serve", "nosuch"}, "see citytally serve --help\n"},
		{[]string{"serve", "nats", "--nats-port", "70000"}, "--nats-port: want 0 to 65535, got 70000"},
		{[]string{"coverage"}, "no period: citytally coverage --period 2021"},
		{[]string{"token", "revoke", "3f8a0c51d2e7"}, `--reason: want why`},
	} {
		code, _, stderr := citytally(t, append(test.args, "--dir", t.TempDir())...)
		if code != exitUsage || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: exit code %d, %q; want %d and %q", test.args, code, stderr, exitUsage, test.want)
		}
	}
}

// A port that is taken is named, and so is the flag that chooses another.
func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	code, _, stderr := citytally(t, "run", "--dir", t.TempDir(), "--nats-port", port)
	if code != exitFailure || !strings.Contains(stderr, port) || !strings.Contains(stderr, "choose a port with --nats-port") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

// The message about a broker that is away, or refuses the password, names the
// setting to correct.
func TestBrokerMessages(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	guarded := natsdtest.Start(t, func(c *natsd.Config) { c.Access = "authorization { user: bus, password: secret }" })
	for _, test := range []struct{ url, want string }{
		{"nats://" + closed.Addr().String(), "correct nats.url"},
		{strings.Replace(guarded.ClientURL(), "://", "://bus:swordfish@", 1), "check nats.user and nats.password"},
	} {
		code, _, stderr := citytally(t, "status", "--dir", t.TempDir(), "--nats", test.url)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, %q; want %q", test.url, code, stderr, test.want)
		}
		if strings.Contains(stderr, "swordfish") {
			t.Errorf("the password is told: %q", stderr)
		}
	}
}

// A stream that is gone takes nothing from the status but itself.
func TestStatusWithoutAStream(t *testing.T) {
	broker := natsdtest.Start(t)
	nc, err := nats.Connect("", broker.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{stream.Verdicts, stream.Accepted} {
		if err := js.DeleteStream(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		out := must(t, "status", "--dir", t.TempDir(), "--nats", broker.ClientURL(), "--lang", "en")
		for _, want := range []string{"NOT SHOWN: streams: the broker has no stream " + gone, stream.Submissions, stream.Totals} {
			if !strings.Contains(out, want) {
				t.Errorf("without %s: lacks %q:\n%s", gone, want, out)
			}
		}
	}
}

// An interrupted command says that it was interrupted, and nothing else.
func TestInterruptedInWords(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupt signal received"))
	var stderr bytes.Buffer
	if code := run(ctx, append([]string{"demo"}, "--dir", t.TempDir()), strings.NewReader(""), io.Discard, &stderr); code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	if got := stderr.String(); got != "citytally: interrupt signal received\n" {
		t.Errorf("stderr %q", got)
	}
}

// The shell offers what a flag takes, and nothing else.
func TestCompletion(t *testing.T) {
	for _, test := range []struct{ command, flag, want string }{
		{"sql", "format", "table csv json"},
		{"status", "format", "table json"},
		{"report", "lang", "zh en"},
		{"run", "only", strings.Join(app.Stages(), " ")},
		{"run", "log-level", "debug info warn error"},
	} {
		out := must(t, "__complete", test.command, "--"+test.flag, "")
		words, _, _ := strings.Cut(out, "\n:")
		if got := strings.Join(strings.Fields(words), " "); got != test.want {
			t.Errorf("%s --%s offers %q, want %q", test.command, test.flag, got, test.want)
		}
	}
	if out := must(t, "__complete", "docs", "arch"); !strings.HasPrefix(out, "architecture\t") {
		t.Errorf("docs arch offers %q", out)
	}
}

// What goes wrong is told in the language that --lang names, with the same commands.
func TestErrorsSpeakTheReadersLanguage(t *testing.T) {
	for _, test := range []struct {
		args []string
		zh   string
	}{
		{[]string{"report"}, "没有给出报告期，例如：citytally report --period 2021"},
		{[]string{"report", "--period", "2021-13"}, "无法识别的报告期"},
		{[]string{"report", "--period", "2021"}, "没有 citytally 在此运行"},
		{[]string{"report", "--release", "a", "--period", "2021"}, "请去掉 --period 和 --as-of"},
		{[]string{"explain", "gdp", "--period", "2021", "--nats", "nats://127.0.0.1:1"}, "无法连接 nats://127.0.0.1:1 的消息服务器"},
		{[]string{"status"}, "请启动：citytally run --dir"},
		{[]string{"journal"}, "请启动：citytally run --dir"},
		{[]string{"replay", "--into", "clickhouse", "--yes"}, "请启动：citytally run --dir"},
	} {
		args := append(test.args, "--dir", t.TempDir(), "--lang")
		if _, _, stderr := citytally(t, append(args, "zh")...); !strings.Contains(stderr, test.zh) {
			t.Errorf("%v: want %q, got %q", args, test.zh, stderr)
		}
		if _, _, stderr := citytally(t, append(args, "en")...); strings.ContainsFunc(stderr, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%v: in English %q", args, stderr)
		}
	}
}
