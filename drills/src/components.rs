pub mod storm_guard;
