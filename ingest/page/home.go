package page

import (
	"net/http"

	"github.com/citytally/citytally/configs/catalogue"
)

// recentSubmissions is how many submissions the first page lists.
const recentSubmissions = 20

// homePage is the first page of somebody who has signed in.
type homePage struct {
	Upload uploadForm
	Recent []Submission
	// Held counts the figures that are held; Owed is what is not complete, OwedOmitted more.
	Held        int
	Owed        []owedRow
	OwedOmitted int
	// Long is what is long overdue and not locked, by dataset.
	Long []longOwed
}

func (p *Page) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.session == nil {
		if v.ended {
			http.SetCookie(w, cookie(r, ""))
		}
		return p.askForToken(w, v, nil)
	}
	recent, err := p.gateway.Recent(r.Context(), v.Area.Code, recentSubmissions)
	if err != nil {
		return err
	}
	h := homePage{Recent: recent}
	h.Upload.Upload.Dataset = p.catalogue().Datasets[0].ID
	if len(recent) > 0 {
		h.Upload.Upload.Dataset = recent[0].Dataset
	}
	p.summary(w, r, v, &h)
	return p.render(w, v, http.StatusOK, "home", v.AreaName(), h)
}

// uploadForm is the form with which a file is looked at.
type uploadForm struct {
	Upload Upload
	// Held is the id of a file that was looked at before, "" where one is to be chosen.
	Held string
	// Open says that the less usual fields are shown.
	Open bool
}

// Datasets lists those that a file may belong to.
func (v *visit) Datasets() []catalogue.Dataset { return v.page.catalogue().Datasets }

// Areas lists those that a holder of every area may choose.
func (v *visit) Areas() []catalogue.Area { return v.page.catalogue().Areas }

// Megabytes is the largest file that is taken.
func (v *visit) Megabytes() int64 { return v.page.config.MaxBody >> 20 }
