package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// pageLimit is how long a page of the sample city may take, at the median.
const pageLimit = 50 * time.Millisecond

// BenchmarkPages measures the pages of the sample city, from the request to the last byte of
// the answer, over HTTP on loopback.
func BenchmarkPages(b *testing.B) {
	c := open(b)
	for _, area := range []string{"320803", "320804", "320813", "320826", "320830", "320831", "320871"} {
		c.sample(area, "2020", "2021")
	}
	sent := c.sample("320812", "2020", "2021")
	v := c.visitor("zh").signIn("320812")
	looked := v.drop("2021.csv", csv("gdp,2021,813.42", "rd_expenditure,2021,1O.5"), annual).wants(b, http.StatusOK)
	for _, page := range []struct{ name, path string }{
		{"home", "/"}, {"check", looked.path}, {"submission", sent.path}, {"figures", "/figures?period=2021"},
		{"history", "/figures/gdp/2021"}, {"totals", "/totals?period=2021"}, {"explained", "/totals/rd_intensity/2021"},
	} {
		b.Run(page.name, func(b *testing.B) {
			for b.Loop() {
				v.get(page.path)
			}
			if took := b.Elapsed() / time.Duration(b.N); took > pageLimit {
				b.Errorf("%s a page: want less than %s", took, pageLimit)
			}
		})
	}
	b.Run("upload", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			file := v.drop("2021.csv", csv("gdp,2021,"+strings.Repeat("1", i%6+1)+".5"), annual)
			v.confirm(file, url.Values{"again": {"1"}})
		}
	})
}
