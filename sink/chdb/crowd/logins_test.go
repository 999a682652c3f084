package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// An address that fails often waits for its answer, and every failure is counted in some line.
func TestFailedLogins(t *testing.T) {
	var out bytes.Buffer
	l := NewLogins(zerolog.New(&out))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	const often = 200
	for range often {
		l.Failed(over, strings.Repeat("u", 1000), "192.0.2.1:1000")
	}
	l.Failed(t.Context(), "other", "192.0.2.2:1000") // waits for nobody
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) < 20 || len(lines) > 40 {
		t.Errorf("%d lines", len(lines))
	}
	counted := 0
	for _, line := range lines {
		var told struct {
			Message, User, Address string
			Failures               int
		}
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Fatal(err)
		}
		if told.Message != FailedLogins || len(told.User) > maxName || told.Address == "" {
			t.Errorf("told %s", line)
		}
		counted += told.Failures
	}
	if counted != often+1 {
		t.Errorf("%d failures are told of, want %d", counted, often+1)
	}
}
