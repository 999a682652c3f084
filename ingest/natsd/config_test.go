package natsd_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/ingest/natsd"
)

func TestConfigYAML(t *testing.T) {
	const text = `
dir: data
host: "::1"
port: -1
sync_interval: 30s
max_store: 1073741824
max_memory: 1048576
max_payload: 1024
`
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	var got natsd.Config
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := natsd.Config{
		Dir: "data", Host: "::1", Port: natsd.NoPort, SyncInterval: natsd.SyncInterval(30 * time.Second),
		MaxStore: 1 << 30, MaxMemory: 1 << 20, MaxPayload: 1024,
	}
	if got != want {
		t.Errorf("decoded %+v, want %+v", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestSyncInterval(t *testing.T) {
	for _, tt := range []struct {
		text string
		want natsd.SyncInterval
		bad  bool
	}{
		{text: "always", want: natsd.SyncAlways},
		{text: "2m0s", want: natsd.SyncInterval(2 * time.Minute)},
		{text: "0s", bad: true},
		{text: "-1s", bad: true},
		{text: "never", bad: true},
		{text: "", bad: true},
	} {
		t.Run(tt.text, func(t *testing.T) {
			var got natsd.SyncInterval
			err := got.UnmarshalText([]byte(tt.text))
			if (err != nil) != tt.bad || got != tt.want {
				t.Fatalf("got %v, %v", got, err)
			}
			if err == nil && got.String() != tt.text {
				t.Errorf("prints as %q", got)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	got := natsd.Config{Dir: "d"}.Defaults()
	want := natsd.Config{Dir: "d", Host: "127.0.0.1", Port: natsd.AnyPort, SyncInterval: natsd.SyncAlways, MaxPayload: 8 << 20}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*natsd.Config)
		want []string // beginning of each line, in order
	}{
		{"several", func(c *natsd.Config) { *c = natsd.Config{Port: 70000, MaxStore: -1, MaxMemory: -1, SyncInterval: -1} },
			[]string{"natsd.dir: want", "natsd.host: want", "natsd.port: want 1 to 65535, 0 for any free port or -1 not to listen, got 70000",
				"natsd.sync_interval: want", "natsd.max_store: want", "natsd.max_memory: want", "natsd.max_payload: want"}},
		{"localhost", func(c *natsd.Config) { c.Host = "localhost" }, nil},
		{"payload", func(c *natsd.Config) { c.MaxPayload = 65 << 20 }, []string{"natsd.max_payload: want 1 to 67108864 bytes, got 68157440"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := natsd.Config{Dir: "d"}.Defaults()
			tt.edit(&cfg)
			var lines []string
			if err := cfg.Validate(); err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %q, want %q", lines, tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("got %q, want %q…", lines[i], want)
				}
			}
		})
	}
}

func FuzzSyncInterval(f *testing.F) {
	for _, seed := range []string{"always", "30s", "2m", "-1s", "0", "1e9h", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got, again natsd.SyncInterval
		if err := got.UnmarshalText([]byte(text)); err != nil {
			return
		}
		if got < 0 {
			t.Fatalf("%q reads as %d", text, got)
		}
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Fatalf("%q reads as %v, which reads back as %v, %v", text, got, again, err)
		}
	})
}
