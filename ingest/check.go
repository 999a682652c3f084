package ingest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

// The codes of a problem's single errors.
const (
	areaUnknown     = "AREA_UNKNOWN"
	datasetUnknown  = "DATASET_UNKNOWN"
	submissionEmpty = "SUBMISSION_EMPTY"
)

// checkAreasAndDatasets checks, before anything is stored, that the submissions' areas and
// datasets exist and that the sender may submit for the areas. It reports all mistakes at
// once.
func (g *Gateway) checkAreasAndDatasets(read *decode.Result, who token.Holder) error {
	var mistakes []ProblemError
	total := 0
	// Only what is listed is put into words, which compares it with the whole catalogue.
	report := func(describe func() ProblemError) {
		if total++; total <= maxListedErrors {
			mistakes = append(mistakes, describe())
		}
	}
	var foreign *Problem
	for i, s := range heads(read) {
		area, ok := g.catalogue().Area(s.Area)
		switch {
		case !ok:
			report(func() ProblemError { return g.unknownAreaProblem(s.Area) })
		case !who.MaySend(s.Area) && foreign == nil:
			foreign = otherAreaProblem(who, area)
		}
		if _, ok := g.catalogue().Dataset(s.Dataset); !ok {
			report(func() ProblemError { return g.unknownDatasetProblem(s.Dataset) })
		}
		if i < len(read.Submissions) && len(s.Observations) == 0 {
			report(func() ProblemError {
				return ProblemError{
					Code: submissionEmpty, Field: "observations",
					Detail: "the submission has no observations; send at least one row", DetailZH: "没有任何数据行，请至少报送一行",
				}
			})
		}
	}
	if foreign != nil {
		return foreign
	}
	if len(mistakes) == 0 {
		return nil
	}
	problem := newProblem(http.StatusUnprocessableEntity, codeUnprocessable, mistakes[0].DetailZH, mistakes[0].Detail)
	problem.Errors = mistakes
	if total > 1 {
		problem.Detail = fmt.Sprintf("%d mistakes; nothing was taken. The first: %s", total, problem.Detail)
		problem.DetailZH = fmt.Sprintf("共 %d 处错误，未接收任何数据。第一处：%s", total, problem.DetailZH)
	}
	return problem
}

func otherAreaProblem(who token.Holder, area *catalogue.Area) *Problem {
	return newProblem(http.StatusForbidden, codeForbidden,
		fmt.Sprintf("此令牌属于%s（%s），不能为%s（%s）报送；请使用后者的令牌，或改正地区", who.Name, who.Area, area.NameZH, area.Code),
		fmt.Sprintf("this token is of %s (%s) and may not submit for %s (%s); use the latter's token, or mend the area", who.Area, who.Name, area.Code, area.NameEN))
}

func (g *Gateway) unknownAreaProblem(seen string) ProblemError {
	// A name that was written in place of a code is answered with its code.
	candidates := map[string]string{}
	for i := range g.catalogue().Areas {
		a := &g.catalogue().Areas[i]
		candidates[a.Code], candidates[a.NameZH], candidates[a.NameEN] = a.Code, a.Code, a.Code
	}
	delete(candidates, "")
	zh, en := g.knownAreas()
	return unknownProblem(areaUnknown, "area", "地区", seen, candidates, zh, en, func(code string) string {
		a, _ := g.catalogue().Area(code)
		return a.NameZH
	})
}

func (g *Gateway) unknownDatasetProblem(seen string) ProblemError {
	candidates := map[string]string{}
	for i := range g.catalogue().Datasets {
		d := &g.catalogue().Datasets[i]
		candidates[d.ID], candidates[d.NameZH], candidates[d.NameEN] = d.ID, d.ID, d.ID
	}
	delete(candidates, "")
	zh, en := g.knownDatasets()
	e := unknownProblem(datasetUnknown, "dataset", "报表", seen, candidates, zh, en, func(id string) string {
		d, _ := g.catalogue().Dataset(id)
		name, _ := d.Names()
		return name
	})
	if stage, err := catalogue.ParseStage(strings.TrimSpace(seen)); err == nil && stage != 0 {
		e.Detail += ". A stage (" + stage.String() + ") is no dataset; it stands in the file, in a column stage"
		e.DetailZH += "。“" + stage.NameZH() + "”也是数据阶段，不是报表；阶段写在文件的“阶段”列"
	} else if period, err := catalogue.ReadPeriod(seen, 0); err == nil {
		nameZH, nameEN := period.Names()
		e.Detail += ". " + nameEN + " is a period and no dataset; it is given as period"
		e.DetailZH += "。“" + nameZH + "”是报告期，不是报表；报告期另填（period）"
	}
	return e
}

// unknownProblem tells of what the catalogue does not have, with what was probably meant and all that
// there is. NameZH names one of the candidates.
func unknownProblem(code, field, fieldZH, seen string, candidates map[string]string, knownZH, known []string, nameZH func(string) string) ProblemError {
	seen = event.Excerpt(seen, maxExcerpt)
	e := ProblemError{
		Code: code, Field: field, Seen: seen,
		Detail:   fmt.Sprintf("%s %q is not in the catalogue", field, seen),
		DetailZH: fmt.Sprintf("目录中没有%s %q", fieldZH, seen),
	}
	if seen == "" {
		e.Detail, e.DetailZH = "no "+field+" is given", "未注明"+fieldZH
	}
	meant, ok := candidates[strict.Nearest(seen, slices.Sorted(maps.Keys(candidates)))]
	if !ok {
		meant, ok = onlyContaining(seen, candidates)
	}
	if ok {
		e.Detail += fmt.Sprintf("; did you mean %q?", meant)
		e.DetailZH += fmt.Sprintf("，是否应为“%s”（%s）？", nameZH(meant), meant)
		e.Detail += " Known: "
	} else {
		e.Detail += "; known: "
		e.DetailZH += "；"
	}
	e.Detail += strings.Join(known, ", ")
	e.DetailZH += "可用的有：" + strings.Join(knownZH, "、")
	return e
}

// onlyContaining returns what the only candidates mean that contain a text of two characters or more: 年报 in 科技创新年报.
func onlyContaining(text string, candidates map[string]string) (meant string, ok bool) {
	for name, of := range candidates {
		if utf8.RuneCountInString(text) < 2 || !strings.Contains(strings.ToLower(name), strings.ToLower(text)) {
			continue
		}
		if ok && of != meant {
			return "", false
		}
		meant, ok = of, true
	}
	return meant, ok
}

// maxExcerpt is how many bytes of an upload an answer repeats.
const maxExcerpt = 200

// knownAreas lists the areas' codes with their names, for messages.
func (g *Gateway) knownAreas() (zh, en []string) {
	areas := slices.Clone(g.catalogue().Areas)
	slices.SortFunc(areas, func(a, b catalogue.Area) int { return strings.Compare(a.Code, b.Code) })
	for i := range areas {
		nameZH, nameEN := areas[i].Names()
		zh, en = append(zh, nameZH+"（"+areas[i].Code+"）"), append(en, areas[i].Code+" "+nameEN)
	}
	return zh, en
}

// knownDatasets lists the datasets for messages: by name and id in Chinese, by id in English.
func (g *Gateway) knownDatasets() (zh, en []string) {
	for i := range g.catalogue().Datasets {
		d := &g.catalogue().Datasets[i]
		name, _ := d.Names()
		zh, en = append(zh, name+"（"+d.ID+"）"), append(en, d.ID)
	}
	slices.Sort(en)
	return zh, en
}
