package transform

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startTransform runs the stage until the test ends, or stop is called.
func startTransform(t testing.TB, log *stream.Log, c *catalogue.Catalogue) (stage *Stage, stop func()) {
	t.Helper()
	return startTransformAt(t, log, c, time.Now)
}

// startTransformAt is startTransform with a clock of its own.
func startTransformAt(t testing.TB, log *stream.Log, c *catalogue.Catalogue, now func() time.Time) (stage *Stage, stop func()) {
	t.Helper()
	stage, err := New(log, c, nil, DefaultConfig(), fixture.Logger(t), now)
	if err != nil {
		t.Fatal(err)
	}
	stop = fixture.Run(t, stage.Run)
	<-stage.Ready()
	return stage, stop
}
