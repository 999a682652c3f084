package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// policy is the Content-Security-Policy: files of the gateway itself, nothing inline.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Config is what a page needs to know of its gateway.
type Config struct {
	// MaxBody is the largest file, in bytes.
	MaxBody int64
	// Stopping is closed when the gateway stops; answers that go on end then.
	Stopping <-chan struct{}
}

// Page answers browsers. Make one with New; it is safe for concurrent use.
type Page struct {
	gateway   Gateway
	catalogue func() *catalogue.Catalogue // the one in force
	config    Config
	logger    zerolog.Logger
	now       func() time.Time

	sessions  *sessions
	templates map[string]*template.Template
	assets    map[string]asset // by name
}

type asset struct {
	contentType string
	content     []byte
	version     string // of the content, in the address
}

// New returns the page of a gateway.
func New(gateway Gateway, cat func() *catalogue.Catalogue, config Config, logger zerolog.Logger, now func() time.Time) (*Page, error) {
	p := &Page{
		gateway: gateway, catalogue: cat, config: config, logger: logger, now: now,
		sessions: newSessions(now), templates: map[string]*template.Template{}, assets: map[string]asset{},
	}
	for name, contentType := range map[string]string{"style.css": "text/css; charset=utf-8", "script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("read the page's files: %w", err)
		}
		sum := sha256.Sum256(content)
		p.assets[name] = asset{contentType, content, hex.EncodeToString(sum[:8])}
	}
	functions := template.FuncMap{"asset": p.assetPath, "of": func(f frame, of any) inFrame { return inFrame{f, of} }}
	common := template.New("").Funcs(functions)
	if _, err := common.ParseFS(templateFiles, "templates/frame.html", "templates/parts.html"); err != nil {
		return nil, fmt.Errorf("read the page's templates: %w", err)
	}
	for _, name := range []string{"sign-in", "home", "check", "submission", "figures", "history", "totals", "explained", "held", "refused"} {
		t, err := template.Must(common.Clone()).ParseFS(templateFiles, "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read the page's templates: %w", err)
		}
		p.templates[name] = t
	}
	return p, nil
}

// NotFound answers browsers at addresses where nothing is.
func (p *Page) NotFound() http.Handler {
	return p.handle(func(http.ResponseWriter, *http.Request, *visit) error {
		return &Refusal{Status: http.StatusNotFound, ZH: chinese.NotFound, EN: english.NotFound}
	})
}

func (p *Page) assetPath(name string) string { return "/assets/" + p.assets[name].version + "/" + name }

// Routes gives every route of the page to add, as a pattern of [http.ServeMux].
func (p *Page) Routes(add func(pattern string, h http.Handler)) {
	visitor := func(pattern string, h handler) { add(pattern, p.handle(h)) }
	signedIn := func(pattern string, h handler) { visitor(pattern, p.signedIn(h)) }
	add("GET /assets/{version}/{name}", http.HandlerFunc(p.asset))
	visitor("GET /{$}", p.home)
	visitor("POST /sign-in", p.signIn)
	visitor("POST /sign-out", p.signOut)
	visitor("POST /language", p.chooseLanguage)
	signedIn("POST /area", p.chooseArea)
	signedIn("POST /check", p.receive)
	signedIn("GET /check/{file}", p.check)
	signedIn("POST /send", p.send)
	signedIn("GET /submissions/{id}", p.submission)
	signedIn("GET /submissions/{id}/verdict", p.awaitVerdict)
	signedIn("GET /submissions/{id}/original", p.original)
	signedIn("GET /submissions/{id}/marked", p.marked)
	signedIn("GET /held", p.showHeld)
	signedIn("POST /held/{id}", p.decideHeld)
	signedIn("GET /figures", p.showFigures)
	signedIn("POST /figures", p.correct)
	signedIn("GET /figures/{indicator}/{period}", p.history)
	signedIn("GET /forms/{dataset}", p.form)
	signedIn("GET /totals", p.totals)
	signedIn("GET /totals/{indicator}/{period}", p.explain)
	signedIn("GET /changes", p.changes)
}

// visit is one request of a browser.
type visit struct {
	page     *Page
	request  *http.Request
	Language Language
	W        *Words
	// Path is the address of the page, Stay whether a reader who changes the language comes
	// back to it.
	Path    string
	session *session // nil for a browser that has not signed in
	Who     token.Holder
	Area    *catalogue.Area
	// ended says that the browser had a session, which is over.
	ended bool
}

// handler answers a visit, or returns an error: a [*Refusal] becomes a page that tells it.
type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

func (p *Page) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r)
		w.Header().Set("Content-Security-Policy", policy)
		err := h(w, r, v)
		if err == nil || errors.Is(err, context.Canceled) && r.Context().Err() != nil {
			return
		}
		refusal, ok := errors.AsType[*Refusal](err)
		if !ok {
			p.logger.Error().Err(err).Str("path", r.URL.Path).Msg("page failed")
			refusal = &Refusal{Status: http.StatusInternalServerError, ZH: chinese.Failed, EN: english.Failed}
		}
		if err := p.render(w, v, refusal.Status, "refused", v.W.Refused, refusal); err != nil {
			p.logger.Error().Err(err).Msg("page failed")
		}
	})
}

// visit finds out who is there and what language they read.
func (p *Page) visit(r *http.Request) *visit {
	l := languageOf(r)
	v := &visit{page: p, request: r, Language: l, W: l.words(), Path: r.URL.Path}
	c, err := r.Cookie(nameOfCookie(r))
	if err != nil {
		return v
	}
	v.ended = true
	one, ok := p.sessions.find(c.Value)
	if !ok {
		return v
	}
	switch who, err := p.gateway.Holder(one.fingerprint); {
	case errors.Is(err, token.ErrUncertain):
		// The session goes on once that can be told again.
		return v
	case err != nil:
		p.sessions.end(one.id)
	default:
		v.session, v.Who, v.ended = one, who, false
		v.Area, _ = p.catalogue().Area(p.sessions.areaOf(one))
	}
	return v
}

// signedIn sends browsers without a session to the page where they sign in.
func (p *Page) signedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if v.session == nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil
		}
		return h(w, r, v)
	}
}

// frame is what every template gets.
type frame struct {
	*visit
	Title string
	Data  any
}

// inFrame is what a part of a page gets: what it is to show, and the page's frame.
type inFrame struct {
	Frame frame
	Of    any
}

func (p *Page) render(w http.ResponseWriter, v *visit, status int, name, title string, data any) error {
	var body bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&body, "frame", frame{v, title, data}); err != nil {
		return fmt.Errorf("write page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", v.W.Tag)
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	// The error of a browser that has gone away is of no use.
	_, _ = w.Write(bytes.Map(plain, body.Bytes()))
	return nil
}

func (p *Page) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok || a.version != r.PathValue("version") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.content)
}

// Tab is an entry of the menu.
type Tab struct {
	Path, Name string
	Current    bool
}

// Tabs returns the menu; none before one has signed in.
func (v *visit) Tabs() []Tab {
	if v.session == nil {
		return nil
	}
	tabs := []Tab{{"/", v.W.Upload, true}, {"/held", v.W.Held, false}, {"/figures", v.W.Figures, false}, {"/totals", v.W.Totals, false}}
	for i := range tabs[1:] {
		if tab := &tabs[i+1]; strings.HasPrefix(v.Path, tab.Path) {
			tab.Current, tabs[0].Current = true, false
		}
	}
	return tabs
}

// SignedIn reports whether the browser has a session.
func (v *visit) SignedIn() bool { return v.session != nil }

// EveryArea reports whether the holder may choose an area.
func (v *visit) EveryArea() bool { return v.Who.Area == token.AnyArea }

// MaySend reports whether the holder may send figures of the area.
func (v *visit) MaySend() bool { return v.Area != nil && v.Who.MaySend(v.Area.Code) }

// AreaName returns the area's name.
func (v *visit) AreaName() string {
	if v.Area == nil {
		return ""
	}
	return v.NameOf(v.Area.Code)
}

// City returns the name of the catalogue's city.
func (v *visit) City() string { return v.NameOf(v.page.catalogue().City) }

// AndMore says that a list of n goes on after its first.
func (v *visit) AndMore(n int) string {
	if v.Language == English {
		n-- // and so many more
	}
	return fmt.Sprintf(v.W.AndMore, n)
}

// Say returns a refusal's or a finding's text in the reader's language.
func (v *visit) Say(zh, en string) string { return v.Language.choose(zh, en) }

// Time writes an instant in the city's time zone.
func (v *visit) Time(at time.Time) string {
	return at.In(v.page.catalogue().Zone()).Format("2006-01-02 15:04")
}

// Deadline writes an instant until which something is due; midnight is the end of a day.
func (v *visit) Deadline(at time.Time) string {
	if at = at.In(v.page.catalogue().Zone()); at.Hour() == 0 && at.Minute() == 0 {
		return at.AddDate(0, 0, -1).Format(time.DateOnly) + " 24:00"
	}
	return v.Time(at)
}

// Machine writes an instant for programs.
func (v *visit) Machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// NameOf returns the name of an area.
func (v *visit) NameOf(code string) string {
	a, ok := v.page.catalogue().Area(code)
	if !ok {
		return code
	}
	return v.Language.choose(a.NameZH, a.NameEN)
}

// Charsets are the encodings that a text may be said to have.
func (v *visit) Charsets() []string { return []string{"UTF-8", "GB18030", "UTF-16"} }

// Dataset returns the name of a dataset.
func (v *visit) Dataset(id string) string {
	d, ok := v.page.catalogue().Dataset(id)
	if !ok {
		return id
	}
	return v.Language.choose(d.NameZH, d.NameEN)
}

// plain replaces characters that steer a program or turn the direction of writing, which no
// page has of its own; line breaks stay.
func plain(r rune) rune {
	if _, steers := event.ControlIn(string(r), "\n"); steers {
		return '\ufffd'
	}
	return r
}
