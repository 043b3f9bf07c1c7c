package toystore

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// FormatPrice writes cents as prices are read, as in "25.99".
func FormatPrice(cents int64) string {
	return string(AppendPrice(nil, cents))
}

// AppendPrice appends what FormatPrice returns.
func AppendPrice(to []byte, cents int64) []byte {
	to = strconv.AppendInt(to, cents/100, 10)
	rest := byte(cents % 100) //nolint:gosec // below 100
	return append(to, '.', '0'+rest/10, '0'+rest%10)
}

var priceForm = regexp.MustCompile(`^[0-9]{1,13}(\.[0-9]{2})?$`)

// ParsePrice reads a price such as "25.99" or "25" as cents. The error says what a
// price is.
func ParsePrice(text string) (cents int64, err error) {
	if !priceForm.MatchString(text) {
		return 0, fmt.Errorf(`must be a price such as "25.99", not %q`, text[:min(len(text), 40)])
	}
	whole, rest, _ := strings.Cut(text, ".")
	if rest == "" {
		rest = "00"
	}
	cents, err = strconv.ParseInt(whole+rest, 10, 64)
	if err != nil || cents < 1 || cents > MaxPrice {
		return 0, fmt.Errorf("must be 0.01 to %s, not %s", FormatPrice(MaxPrice), text)
	}
	return cents, nil
}
