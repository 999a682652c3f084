package sink

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/citytally/citytally/configs/bilingual"
)

// readiness is the state of running workers, for health checks.
type readiness struct {
	mu      sync.Mutex
	waiting int                         // workers without a consumer
	paused  map[string]*bilingual.Error // why, by stream
	schema  error                       // why tables or views that are not as they should be stay so
	ready   chan struct{}
}

// movedStreams is how many streams the workers move.
const movedStreams = 4

func newState() *readiness {
	return &readiness{waiting: movedStreams, paused: map[string]*bilingual.Error{}, ready: make(chan struct{})}
}

// receiving records that one more worker receives its stream.
func (s *readiness) receiving() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		close(s.ready)
	}
}

// pause records why ClickHouse does not take a stream's rows; nil is that it takes them.
func (s *readiness) pause(stream string, why *bilingual.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == nil {
		delete(s.paused, stream)
		return
	}
	s.paused[stream] = why
}

// judgeSchema records why tables or views are not as they should be, or could not be compared; nil is
// that they are.
func (s *readiness) judgeSchema(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schema = err
}

// saying returns an advice with what ClickHouse says behind it.
func saying(advice bilingual.Text, says string) bilingual.Text {
	return bilingual.Text{ZH: advice.ZH + "：" + says, EN: advice.EN + ": " + says}
}

// Ready returns a channel that is closed when the workers receive all their streams.
func (w *Workers) Ready() <-chan struct{} { return w.readiness.ready }

// Paused returns nil, or which streams wait because ClickHouse does not take their rows and
// which tables and views are not as they should be, and what to do about it.
func (w *Workers) Paused() error {
	w.readiness.mu.Lock()
	defer w.readiness.mu.Unlock()
	var errs []error
	for stream, why := range w.readiness.paused {
		errs = append(errs, &bilingual.Error{Text: bilingual.Text{ZH: stream + " 等待写入：" + why.ZH, EN: fmt.Sprintf("%s waits: %s", stream, why.EN)}, Err: why.Err})
	}
	switch err := w.readiness.schema; {
	case isOtherTables(err):
		errs = append(errs, err)
	case err != nil:
		text := saying(Advice(err), err.Error())
		errs = append(errs, &bilingual.Error{Text: bilingual.Text{ZH: "表和视图：" + text.ZH, EN: "tables and views: " + text.EN}, Err: err})
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
