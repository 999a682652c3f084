package httpinterface

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// deadlineResponse gives every write of an answer a deadline of its own, so that a client that does not read cannot hold a
// query for ever.
type deadlineResponse struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// newDeadlineResponse removes the deadline that an earlier answer has left on the connection.
func newDeadlineResponse(w http.ResponseWriter, timeout time.Duration) (*deadlineResponse, error) {
	control := http.NewResponseController(w)
	return &deadlineResponse{w, control, timeout}, control.SetWriteDeadline(time.Time{})
}

func (t *deadlineResponse) Write(p []byte) (int, error) {
	if err := t.control.SetWriteDeadline(time.Now().Add(t.timeout)); err != nil {
		return 0, err
	}
	return t.ResponseWriter.Write(p)
}

// Unwrap gives http.ResponseController access to the connection.
func (t *deadlineResponse) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// deadlineBody gives every read of a request's body a deadline of its own. Between reads there is none, because net/http
// reads from the connection then to notice its end. After a failed read the deadline stays, so that net/http does not wait
// for the rest of the body before it sends the answer.
type deadlineBody struct {
	io.ReadCloser
	control *http.ResponseController
	timeout time.Duration
}

func (t *deadlineBody) Read(p []byte) (int, error) {
	if err := t.control.SetReadDeadline(time.Now().Add(t.timeout)); err != nil {
		return 0, err
	}
	n, err := t.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, err
	}
	if reset := t.control.SetReadDeadline(time.Time{}); reset != nil {
		return n, reset
	}
	return n, err
}
