use crate::rt::{Call, take};
use crate::{NO_CALLBACK, attach_callback, free_obj, handle_of_callback, invoke_callback, make_obj};

#[test]
fn a_new_object_has_no_callback() {
    let obj = make_obj();
    // SAFETY: `obj` is live until it is freed, here and in the other tests.
    unsafe {
        invoke_callback(obj);
        free_obj(obj);
    }
    assert_eq!(take(), []);
}

#[test]
fn a_callback_is_invoked_as_often_as_asked_and_released_once() {
    let obj = make_obj();
    // SAFETY: As above.
    unsafe {
        attach_callback(obj, 7);
        invoke_callback(obj);
        invoke_callback(obj);
        free_obj(obj);
    }
    assert_eq!(take(), [Call::Invoke(7), Call::Invoke(7), Call::Release(7)]);
}

#[test]
fn attaching_a_second_callback_releases_the_first() {
    let obj = make_obj();
    // SAFETY: As above.
    unsafe {
        attach_callback(obj, 0);
        attach_callback(obj, 1);
        invoke_callback(obj);
        free_obj(obj);
    }
    assert_eq!(take(), [Call::Release(0), Call::Invoke(1), Call::Release(1)]);
}

#[test]
fn a_callback_can_be_taken_away() {
    let obj = make_obj();
    // SAFETY: As above.
    unsafe {
        attach_callback(obj, 3);
        attach_callback(obj, NO_CALLBACK);
        invoke_callback(obj);
        free_obj(obj);
    }
    assert_eq!(take(), [Call::Release(3)]);
}

#[test]
fn objects_are_apart() {
    let [a, b] = [make_obj(), make_obj()];
    // SAFETY: As above.
    unsafe {
        attach_callback(a, 1);
        attach_callback(b, 2);
        free_obj(a);
        invoke_callback(b);
        free_obj(b);
    }
    assert_eq!(take(), [Call::Release(1), Call::Invoke(2), Call::Release(2)]);
}

#[test]
fn an_object_tells_the_handle_of_its_callback() {
    let obj = make_obj();
    // SAFETY: As above.
    unsafe {
        assert_eq!(handle_of_callback(obj), NO_CALLBACK);
        attach_callback(obj, 3);
        assert_eq!(handle_of_callback(obj), 3);
        free_obj(obj);
    }
    assert_eq!(take(), [Call::Release(3)]);
}
