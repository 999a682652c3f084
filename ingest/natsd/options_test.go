package natsd

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// The test asks the running server and not the options, because the server has defaults.
func TestSyncIntervalReachesJetStream(t *testing.T) {
	for _, tt := range []struct {
		interval SyncInterval
		always   bool
	}{
		{SyncAlways, true},
		{SyncInterval(30 * time.Second), false},
	} {
		s, err := Start(t.Context(), Config{Dir: t.TempDir(), Port: NoPort, SyncInterval: tt.interval}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		got := s.nats.JetStreamConfig()
		if got.SyncAlways != tt.always || !tt.always && got.SyncInterval != time.Duration(tt.interval) {
			t.Errorf("%s: JetStream has SyncAlways %t, SyncInterval %s", tt.interval, got.SyncAlways, got.SyncInterval)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
