package page

import (
	"fmt"
	"net/http"
	"time"
)

const (
	// heartbeat is how often a stream of events says that it is alive, and asks whether the
	// session is.
	heartbeat = 20 * time.Second
	// maxStreams is how many streams one session may have open.
	maxStreams = 8
)

// changes tells a browser, as server-sent events, that figures may have changed, until the
// session ends, the browser goes away or the gateway stops.
func (p *Page) changes(w http.ResponseWriter, r *http.Request, v *visit) error {
	if !p.sessions.enterStream(v.session) {
		return &Refusal{Status: http.StatusTooManyRequests, ZH: chinese.TooManyPages, EN: english.TooManyPages}
	}
	defer p.sessions.leaveStream(v.session)
	events, err := beginEvents(w)
	if err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	// What has changed since the page was written is told at once.
	text := moved
	for p.visit(r).session != nil {
		next := p.gateway.NextChange()
		if err := events.write(text); err != nil {
			return nil // the browser has gone away
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-p.config.Stopping:
			return nil
		case <-next:
			text = moved
		case <-beat.C:
			text = ": still here\n\n"
		}
	}
	return nil
}

// moved is the event that figures may have changed. Those that come while the browser reads
// are one.
const moved = "event: moved\ndata: figures\n\n"

// eventStream is an answer that goes on.
type eventStream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

// beginEvents begins an answer with server-sent events, which outlives the time that a request
// may usually take.
func beginEvents(w http.ResponseWriter) (*eventStream, error) {
	e := &eventStream{w, http.NewResponseController(w)}
	if err := e.controller.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("begin events: %w", err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	return e, e.write("retry: 2000\n\n")
}

// write sends a piece of the answer at once.
func (e *eventStream) write(text string) error {
	if err := e.controller.SetWriteDeadline(time.Now().Add(2 * heartbeat)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(e.w, text); err != nil {
		return err
	}
	return e.controller.Flush()
}
