package ingest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/citytally/citytally/configs/httpguard"
)

const requestIDHeader = "X-Request-Id"

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// guard wraps every request: it gives the request an id for the log, sets headers that
// keep browsers from interpreting or storing the answer, refuses what the pages of other
// sites send, and turns a panic into an answer.
func (g *Gateway) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, measured := time.Now(), g.metrics.measure()
		id := r.Header.Get(requestIDHeader)
		if !requestIDPattern.MatchString(id) {
			id = rand.Text()
		}
		header := w.Header()
		header.Set(requestIDHeader, id)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		answer := &statusRecorder{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler {
					panic(cause)
				}
				g.logger.Error().Interface("panic", cause).Bytes("stack", debug.Stack()).Str("request", id).Msg("request panicked")
				if answer.status == 0 {
					internalProblem().write(answer, r)
				}
			}
			g.logger.Debug().Str("request", id).Str("method", r.Method).Str("path", r.URL.Path).
				Int("status", answer.status).Dur("took", time.Since(began)).Msg("request answered")
			measured(r.Pattern, answer.status)
		}()
		if refusal, refused := errors.AsType[*httpguard.Refusal](g.browsers.Check(r)); refused {
			newProblem(http.StatusForbidden, codeForeign, refusal.Chinese(), refusal.Error()).write(answer, r)
			return
		}
		next.ServeHTTP(answer, r)
	})
}

// handle writes the answer for an error that a handler returns.
func (g *Gateway) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		problem, ok := errors.AsType[*Problem](err)
		if !ok {
			if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
				return
			}
			g.logger.Error().Err(err).Str("request", w.Header().Get(requestIDHeader)).Msg("request failed")
			problem = internalProblem()
		}
		problem.write(w, r)
	})
}

func internalProblem() *Problem {
	return newProblem(http.StatusInternalServerError, codeInternal,
		"系统内部错误，请将 request_id 告知管理员", "something went wrong inside; tell the operator the request_id")
}

// statusRecorder records the status of an answer; 0 until the answer begins.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
