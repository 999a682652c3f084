package page

import (
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/citytally/citytally/ingest/token"
)

const (
	// sessionLife is how long a session lasts, whatever its token says.
	sessionLife = 12 * time.Hour
	// maxSessions bounds the sessions of one token; the oldest ends for a new one.
	maxSessions = 20
	// maxHeld bounds the files of one session that were looked at and not sent, and
	// maxHeldBytes those of all sessions; the oldest are forgotten.
	maxHeld      = 3
	maxHeldBytes = 64 << 20

	cookieName       = "citytally"
	secureCookieName = "__Host-citytally"
)

// session is one browser that has signed in.
type session struct {
	id          string
	fingerprint token.Fingerprint
	began       time.Time
	// area is the one that a holder of every area has chosen.
	area string
	held []heldFile // the oldest first
	// streams counts the answers with events that are open.
	streams int
}

// heldFile is a file that was looked at and not sent yet.
type heldFile struct {
	id      string
	content []byte
	upload  Upload
	since   time.Time
}

// sessions are the browsers that have signed in. It is safe for concurrent use.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]*session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, byID: map[string]*session{}}
}

// begin starts a session under a new id, which is the only thing that proves it.
func (s *sessions) begin(f token.Fingerprint, area string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var same []*session
	for id, one := range s.byID {
		switch {
		case s.now().Sub(one.began) >= sessionLife:
			delete(s.byID, id)
		case one.fingerprint == f:
			same = append(same, one)
		}
	}
	slices.SortFunc(same, func(a, b *session) int { return a.began.Compare(b.began) })
	for len(same) >= maxSessions {
		delete(s.byID, same[0].id)
		same = same[1:]
	}
	one := &session{id: rand.Text(), fingerprint: f, began: s.now(), area: area}
	s.byID[one.id] = one
	return one
}

// find returns the session of an id.
func (s *sessions) find(id string) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.byID[id]
	if !ok || s.now().Sub(one.began) >= sessionLife {
		delete(s.byID, id)
		return nil, false
	}
	return one, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// choose makes an area the one that the session is about.
func (s *sessions) choose(one *session, area string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.area = area
}

func (s *sessions) areaOf(one *session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return one.area
}

// hold keeps a file until it is sent, and returns its id.
func (s *sessions) hold(one *session, content []byte, upload Upload) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text()
	one.held = append(one.held, heldFile{id: id, content: content, upload: upload, since: s.now()})
	if len(one.held) > maxHeld {
		one.held = one.held[1:]
	}
	s.forget()
	return id
}

// forget drops the oldest files of all sessions while they take too much memory.
func (s *sessions) forget() {
	bytes := 0
	for _, one := range s.byID {
		for i := range one.held {
			bytes += len(one.held[i].content)
		}
	}
	for bytes > maxHeldBytes {
		var oldest *session
		for _, one := range s.byID {
			if len(one.held) > 0 && (oldest == nil || one.held[0].since.Before(oldest.held[0].since)) {
				oldest = one
			}
		}
		bytes -= len(oldest.held[0].content)
		oldest.held = oldest.held[1:]
	}
}

// take returns a file that was held, and keeps it.
func (s *sessions) take(one *session, id string) (heldFile, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(one.held, func(h heldFile) bool { return h.id == id })
	if i < 0 {
		return heldFile{}, false
	}
	return one.held[i], true
}

// drop forgets a file that was held.
func (s *sessions) drop(one *session, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.held = slices.DeleteFunc(one.held, func(h heldFile) bool { return h.id == id })
}

// enterStream reports whether the session may have one more stream of events.
func (s *sessions) enterStream(one *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.streams >= maxStreams {
		return false
	}
	one.streams++
	return true
}

func (s *sessions) leaveStream(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.streams--
}

// cookie returns the cookie of a session; that of "" ends it. Over TLS the browser takes it
// from this host alone and sends it over TLS alone.
func cookie(r *http.Request, id string) *http.Cookie {
	c := &http.Cookie{Name: nameOfCookie(r), Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure(r)}
	if id == "" {
		c.MaxAge = -1
	}
	return c
}

func nameOfCookie(r *http.Request) string {
	if secure(r) {
		return secureCookieName
	}
	return cookieName
}

// secure reports whether the browser speaks TLS, to this server or to a proxy that says so.
func secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}
