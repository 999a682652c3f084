package catalogue

import "fmt"

// Problem is what is wrong with one thing a reporter wrote. It is told in both
// languages: districts read Chinese, integrators English.
type Problem struct {
	// Code is stable and for programs: PERIOD_INVALID, VALUE_NOT_A_NUMBER …
	Code string `json:"code"`
	// Seen is the text as it was received.
	Seen string `json:"seen"`
	// ZH and EN say what is wrong and what to do.
	ZH string `json:"message_zh"`
	EN string `json:"message_en"`
}

// Error returns the English message.
func (p *Problem) Error() string { return fmt.Sprintf("%s: %s", p.Code, p.EN) }
