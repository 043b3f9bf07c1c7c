package failure_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/failure"
)

func TestEveryCodeHasItsOwnNameAndAnErrorStatus(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, code := range failure.Codes() {
		require.NotEmpty(t, code.String(), "code %d", int(code))
		require.False(t, names[code.String()], "two codes are called %q", code)
		names[code.String()] = true
		require.GreaterOrEqual(t, code.HTTPStatus(), 400, "%s", code)
		require.Less(t, code.HTTPStatus(), 600, "%s", code)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	t.Run("keeps a failure that is wrapped", func(t *testing.T) {
		t.Parallel()
		refused := failure.New(failure.Refused, "'%s' is already locked", "a")
		require.Same(t, refused, failure.Of(fmt.Errorf("lock: %w", refused)))
	})
	t.Run("hides what anything else says", func(t *testing.T) {
		t.Parallel()
		secret := errors.New("password is hunter2")
		got := failure.Of(secret)
		require.Equal(t, failure.Internal, got.Code)
		require.Equal(t, "internal error", got.Message)
		require.ErrorIs(t, got, secret)
	})
}
