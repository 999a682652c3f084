package bench

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPaceIsThatOfEachPart(t *testing.T) {
	arrivals := []arrival{{}, {0, 1 * time.Second}, {40, 2 * time.Second}, {40, 3 * time.Second}, {100, 4 * time.Second}}
	// A quarter has arrived after 1.625 s, a half after 3.167 s.
	want := []float64{25 / 1.625, 25 / (3 + 1./6 - 1.625), 60, 60}
	if diff := cmp.Diff(want, pace(arrivals, 4), cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestBenchTable(t *testing.T) {
	var out strings.Builder
	r := &Result{Direct: 500_000, Pipeline: 200_000, ToDirect: 0.4, Pace: make([]float64, paceParts), Memory: map[string]float64{"idle": 100}, Sizes: Sizes{Figures: 60, Rate: 50}}
	if err := r.Print(&out, "table"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"500000", "200000", "0.40", "at 50 submissions/s", "memory, idle"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"pipeline_to_direct":0.4`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestProcessesAreWatched(t *testing.T) {
	self := os.Getpid()
	if now, peak, ok := ResidentMemory(self); !ok || now < 1 || peak < now {
		if _, err := os.Stat(filepath.Join("/proc", "self", "status")); err != nil {
			t.Skip("this system has no /proc, and bench leaves memory out there")
		}
		t.Errorf("own memory: now %v, peak %v, %v", now, peak, ok)
	}
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	if got := processorTime([]int{ended.Process.Pid}); got != 0 {
		t.Errorf("processor time of a process that ended: %s", got)
	}
}
