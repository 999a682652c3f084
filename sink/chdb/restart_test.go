package chdb

import (
	"errors"
	"testing"
	"time"
)

func TestRestarts(t *testing.T) {
	reason := errors.New("signal: killed")
	epoch := time.Date(2021, 6, 1, 0, 0, 0, 0, time.UTC)
	type crash struct {
		after time.Duration // since epoch
		delay time.Duration // negative: given up
	}
	const never = -1
	for _, tt := range []struct {
		name    string
		policy  restartPolicy
		crashes []crash
	}{
		{"doubles, then gives up", restartPolicy{limit: 3, window: time.Minute},
			[]crash{{0, 100 * time.Millisecond}, {time.Second, 200 * time.Millisecond}, {2 * time.Second, 400 * time.Millisecond}, {3 * time.Second, never}}},
		{"old crashes are forgotten", restartPolicy{limit: 1, window: time.Minute},
			[]crash{{0, 100 * time.Millisecond}, {time.Minute, 100 * time.Millisecond}, {time.Minute + time.Second, never}, {3 * time.Minute, 100 * time.Millisecond}}},
		{"never", restartPolicy{limit: -1, window: time.Minute}, []crash{{0, never}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, c := range tt.crashes {
				delay, err := tt.policy.grant(epoch.Add(c.after), reason)
				if c.delay == never {
					if !errors.Is(err, reason) {
						t.Errorf("crash %d: got %s, %v, want to give up for the reason", i, delay, err)
					}
					continue
				}
				if err != nil || delay != c.delay {
					t.Errorf("crash %d: got %s, %v, want %s", i, delay, err, c.delay)
				}
			}
		})
	}

	many := restartPolicy{limit: 100, window: time.Hour}
	for range 50 {
		delay, err := many.grant(epoch, reason)
		if err != nil || delay > maxDelay {
			t.Fatalf("got %s, %v, want at most %s", delay, err, maxDelay)
		}
	}
}
