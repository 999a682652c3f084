package chdb

import (
	"testing"
	"time"
)

func TestRestartPauses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		longest time.Duration
		uptimes []time.Duration
		want    []time.Duration
	}{
		{"doubled up to the longest", 500 * time.Millisecond, make([]time.Duration, 5),
			[]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond}},
		{"first again after steady service", time.Second, []time.Duration{0, 0, time.Minute, time.Second},
			[]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}},
		{"longest below the first", time.Millisecond, make([]time.Duration, 2), []time.Duration{time.Millisecond, time.Millisecond}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pauses := restartPauses{longest: tt.longest}
			for i, uptime := range tt.uptimes {
				if got := pauses.after(uptime); got != tt.want[i] {
					t.Errorf("crash %d: %s, want %s", i+1, got, tt.want[i])
				}
			}
		})
	}
	pauses := restartPauses{longest: 10 * time.Second}
	for range 1000 {
		if pause := pauses.after(0); pause <= 0 || pause > 10*time.Second {
			t.Fatalf("pause %s", pause)
		}
	}
}
