package header

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// severalAre reports whether two columns or more have names of a kind.
func severalAre(columns []Column, kind func(name string) bool) bool {
	n := 0
	for i := range columns {
		if kind(catalogue.NormalizeName(columns[i].Name)) {
			n++
		}
	}
	return n >= 2
}

// accountingTable returns the problem of a table that a program for accounting has exported: it has
// accounts and no indicators.
func accountingTable(columns []Column) *catalogue.Problem {
	if !severalAre(columns, wording.Accounting) {
		return nil
	}
	return newProblem(BadColumns, headerText(columns),
		"这像是财务软件（金蝶、用友等）导出的科目余额表或凭证，按会计科目列示，没有指标；请下载报表模板，把各指标的数填进去后上传",
		"this looks like what a program for accounting exports, accounts and vouchers, and it has no indicators; download the form, fill in the figures of its indicators and send that")
}

// detailTable returns the problem of a table that lists projects, contracts, patents or persons one by one,
// and has no indicators.
func detailTable(columns []Column) *catalogue.Problem {
	if !severalAre(columns, wording.Detail) {
		return nil
	}
	return DetailsListed(headerText(columns))
}

// DetailsListed is the problem of a table that lists projects, contracts and the like, as what was seen of it
// shows.
func DetailsListed(seen string) *catalogue.Problem {
	seen = event.Excerpt(seen, maxSeen)
	return newProblem(BadColumns, seen,
		fmt.Sprintf("这像是项目、合同、专利或人员的明细表（%s），逐个列出，没有指标；这里按指标填报全区（县）的合计数，请下载报表模板，把各指标的合计数填进去后上传", seen),
		fmt.Sprintf("this looks like a list of projects, contracts, patents or persons (%s), one by one, and it has no indicators; what is reported are totals of the district by indicator, so download the form, fill in the totals and send that", seen))
}

func headerText(columns []Column) string {
	var names []string
	for i := range columns[:min(len(columns), 20)] {
		names = append(names, columns[i].Name)
	}
	return event.Excerpt(strings.Join(names, ","), maxSeen)
}
