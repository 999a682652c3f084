package natsd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// A kill between the description of a stream or consumer and its checksum must not make
// the server leave it out at later starts.
func TestStartCompletesInterruptedMetadata(t *testing.T) {
	interrupt := map[string]func(path string) error{
		"created": os.Remove,
		"updated": func(path string) error { return os.WriteFile(path, []byte("0123456789abcdef"), 0o600) },
	}
	for name, damage := range interrupt {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := natsdtest.Start(t, natsdtest.Dir(dir))
			consumer := jetstream.ConsumerConfig{Durable: "reader", AckPolicy: jetstream.AckExplicitPolicy}
			if _, err := stream(t, connect(t, s.ClientURL())).CreateConsumer(t.Context(), consumer); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(dir, "jetstream", "$G", "streams", "LOG")
			written := map[string]string{}
			for _, path := range []string{filepath.Join(log, "meta.sum"), filepath.Join(log, "obs", "reader", "meta.sum")} {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				written[path] = string(text)
				if err := damage(path); err != nil {
					t.Fatal(err)
				}
			}

			var said buffer
			again, err := natsd.Start(t.Context(), natsd.Config{Dir: dir}, zerolog.New(&said).Level(zerolog.WarnLevel))
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			js, err := jetstream.New(connect(t, again.ClientURL()))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.Consumer(t.Context(), "LOG", "reader"); err != nil {
				t.Errorf("look at the consumer after the restart: %v", err)
			}
			if text := said.text.String(); text != "" {
				t.Errorf("the server warns: %s", text)
			}
			for path, want := range written {
				if got, err := os.ReadFile(path); err != nil || string(got) != want {
					t.Errorf("%s holds %q (%v), want the server's own %q", path, got, err, want)
				}
			}
		})
	}
}
