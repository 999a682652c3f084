package page

import (
	"errors"
	"net/http"
	"strings"

	"github.com/citytally/citytally/ingest/token"
)

// maxForm is the most bytes of a form without a file.
const maxForm = 64 << 10

// readForm reads a small form.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return badForm()
	}
	return nil
}

// signInForm is what the page shows on which one signs in.
type signInForm struct {
	// Ended says that a session is over, Refused why a token was not taken.
	Ended   bool
	Refused *Refusal
}

func (p *Page) askForToken(w http.ResponseWriter, v *visit, refused *Refusal) error {
	status := http.StatusOK
	if refused != nil {
		status = refused.Status
	}
	return p.render(w, v, status, "sign-in", v.W.SignIn, signInForm{Ended: v.ended && refused == nil, Refused: refused})
}

// signIn begins a session for whoever has a token in force.
func (p *Page) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	secret := strings.TrimSpace(r.PostForm.Get("token"))
	who, err := p.gateway.SignIn(w, r, secret)
	if refused, ok := errors.AsType[*Refusal](err); ok {
		v.Path = "/"
		return p.askForToken(w, v, refused)
	}
	if err != nil {
		return err
	}
	if v.session != nil {
		p.sessions.end(v.session.id)
	}
	area := who.Area
	if area == token.AnyArea {
		area = p.catalogue().City
	}
	one := p.sessions.begin(token.FingerprintOf(secret), area)
	http.SetCookie(w, cookie(r, one.id))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.session != nil {
		p.sessions.end(v.session.id)
	}
	http.SetCookie(w, cookie(r, ""))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// chooseArea is for those who may see every area.
func (p *Page) chooseArea(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	area := r.PostForm.Get("area")
	if _, known := p.catalogue().Area(area); known && v.Who.MaySee(area) {
		p.sessions.choose(v.session, area)
	}
	http.Redirect(w, r, ownPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}
